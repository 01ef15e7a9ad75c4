// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstddef>
#include <new>
#include <utility>
#include <vector>

#include <png.h>

#include "yolodata/core/error.hpp"
#include "yolodata/image/encode.hpp"

namespace yolodata {
namespace {

struct Writer {
    png_structp png = nullptr;
    png_infop info = nullptr;
    std::jmp_buf jump;
    std::vector<std::byte> coded;

    Writer() {
        png = png_create_write_struct(
            PNG_LIBPNG_VER_STRING, this,
            [](png_structp p, png_const_charp) {
                std::longjmp(static_cast<Writer*>(png_get_error_ptr(p))->jump, 1);
            },
            [](png_structp, png_const_charp) {});
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) {
            png_destroy_write_struct(&png, nullptr);
            throw std::bad_alloc();
        }
        png_set_write_fn(png, this, append, nullptr);
    }
    ~Writer() { png_destroy_write_struct(&png, &info); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    // No exception may cross libpng.
    static void append(png_structp p, png_bytep data, std::size_t size) {
        Writer& me = *static_cast<Writer*>(png_get_io_ptr(p));
        bool failed = false;
        try {
            const auto* bytes = reinterpret_cast<const std::byte*>(data);
            me.coded.insert(me.coded.end(), bytes, bytes + size);
        } catch (const std::bad_alloc&) {
            failed = true;
        }
        if (failed) png_error(p, "out of memory");
    }
};

bool write(Writer& writer, const Picture& picture) {
    if (setjmp(writer.jump)) return false;
    png_set_IHDR(writer.png, writer.info, static_cast<png_uint_32>(picture.width),
                 static_cast<png_uint_32>(picture.height), 8, PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer.png, writer.info);
    for (int y = 0; y < picture.height; ++y) png_write_row(writer.png, picture.row(y));
    png_write_end(writer.png, nullptr);
    return true;
}

}  // namespace

std::vector<std::byte> encode_png(const Picture& picture) {
    if (picture.empty())
        throw Error(ErrorKind::invalid_argument, "an empty picture cannot be stored as PNG");
    Writer writer;
    if (!write(writer, picture)) throw std::bad_alloc();
    return std::move(writer.coded);
}

}  // namespace yolodata
