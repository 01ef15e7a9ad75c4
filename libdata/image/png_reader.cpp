// SPDX-License-Identifier: Apache-2.0
#include "png_reader.hpp"

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace yolodata {
namespace {

void keep(char (&to)[128], const char* message) {
    std::strncpy(to, message, sizeof to - 1);
    to[sizeof to - 1] = '\0';
}

}  // namespace

PngReader::PngReader(std::span<const std::byte> bytes) : rest_(bytes) {
    png =
        png_create_read_struct_2(PNG_LIBPNG_VER_STRING, this, on_error, on_warning, this, allocate,
                                 [](png_structp, png_voidp block) { std::free(block); });
    if (png == nullptr) throw std::bad_alloc();
    info = png_create_info_struct(png);
    if (info == nullptr) {
        png_destroy_read_struct(&png, nullptr, nullptr);
        throw std::bad_alloc();
    }
    png_set_read_fn(png, this, read);
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_user_limits(png, PNG_UINT_31_MAX,
                        PNG_UINT_31_MAX);  // the caller has looked at the size
    // Everything but the pixels, their palette and their transparency is passed over.
    static constexpr png_byte kept[] = "PLTE\0tRNS";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, kept, 2);
}

PngReader::~PngReader() {
    png_destroy_read_struct(&png, &info, nullptr);
}

void PngReader::on_error(png_structp png, png_const_charp message) {
    PngReader& me = self(png);
    keep(me.error_, message);
    std::longjmp(me.jump_, 1);
}

void PngReader::on_warning(png_structp png, png_const_charp message) {
    PngReader& me = self(png);
    const bool pixels = std::strncmp(message, "IDAT", 4) == 0;
    const bool surplus = std::strstr(message, "Extra compressed data") != nullptr ||
                         std::strstr(message, "Too much image data") != nullptr;
    if (pixels && !surplus && me.warning_[0] == '\0') keep(me.warning_, message);
}

void PngReader::read(png_structp png, png_bytep to, std::size_t size) {
    PngReader& me = self(png);
    if (size > me.rest_.size()) {
        me.ran_out_ = true;
        png_error(png, "the file ends");
    }
    std::memcpy(to, me.rest_.data(), size);
    me.rest_ = me.rest_.subspan(size);
}

png_voidp PngReader::allocate(png_structp png, png_alloc_size_t size) {
    void* block = std::malloc(size);
    // Called for the first time while `png` is being made, when there is no PngReader behind it
    // yet.
    if (block == nullptr && png_get_mem_ptr(png) != nullptr)
        static_cast<PngReader*>(png_get_mem_ptr(png))->out_of_memory_ = true;
    return block;
}

}  // namespace yolodata
