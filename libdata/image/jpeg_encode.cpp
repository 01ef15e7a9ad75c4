// SPDX-License-Identifier: Apache-2.0
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <jpeglib.h>

#include "yolodata/core/error.hpp"
#include "yolodata/image/encode.hpp"

namespace yolodata {
namespace {

struct Compressor {
    jpeg_compress_struct info;
    jpeg_error_mgr errors;
    std::jmp_buf jump;
    jpeg_destination_mgr destination;
    std::vector<std::byte> coded;
    bool out_of_memory = false;

    Compressor() {
        info.err = jpeg_std_error(&errors);
        info.client_data = this;
        errors.error_exit = [](j_common_ptr i) { std::longjmp(self(i).jump, 1); };
        errors.emit_message = [](j_common_ptr, int) {};
        jpeg_create_compress(&info);
        destination.init_destination = [](j_compress_ptr i) { grow(i, 0); };
        destination.empty_output_buffer = [](j_compress_ptr i) -> boolean {
            Compressor& me = self(reinterpret_cast<j_common_ptr>(i));
            grow(i, me.coded.size());
            return TRUE;
        };
        destination.term_destination = [](j_compress_ptr i) {
            Compressor& me = self(reinterpret_cast<j_common_ptr>(i));
            me.coded.resize(me.coded.size() - me.destination.free_in_buffer);
        };
        info.dest = &destination;
    }
    ~Compressor() { jpeg_destroy_compress(&info); }
    Compressor(const Compressor&) = delete;
    Compressor& operator=(const Compressor&) = delete;

    static Compressor& self(j_common_ptr info) {
        return *static_cast<Compressor*>(info->client_data);
    }

    // No exception may cross libjpeg.
    static void grow(j_compress_ptr info, std::size_t used) {
        Compressor& me = self(reinterpret_cast<j_common_ptr>(info));
        try {
            me.coded.resize(used + used / 2 + 65536);
        } catch (const std::bad_alloc&) {
            me.out_of_memory = true;
        }
        if (me.out_of_memory) std::longjmp(me.jump, 1);
        me.destination.next_output_byte = reinterpret_cast<JOCTET*>(me.coded.data() + used);
        me.destination.free_in_buffer = me.coded.size() - used;
    }
};

bool compress(Compressor& jpeg, const Picture& picture, int quality) {
    if (setjmp(jpeg.jump)) return false;
    jpeg_compress_struct& info = jpeg.info;
    info.image_width = static_cast<JDIMENSION>(picture.width);
    info.image_height = static_cast<JDIMENSION>(picture.height);
    info.input_components = 3;
    info.in_color_space = JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, quality, TRUE);
    const int sampling = quality >= 90 ? 1 : 2;
    info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = sampling;
    jpeg_start_compress(&info, TRUE);
    while (info.next_scanline < info.image_height) {
        JSAMPROW line = const_cast<JSAMPROW>(picture.row(static_cast<int>(info.next_scanline)));
        jpeg_write_scanlines(&info, &line, 1);
    }
    jpeg_finish_compress(&info);
    return true;
}

}  // namespace

std::vector<std::byte> encode_jpeg(const Picture& picture, int quality) {
    if (picture.empty() || picture.width > JPEG_MAX_DIMENSION ||
        picture.height > JPEG_MAX_DIMENSION)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{} x {} px cannot be stored as JPEG (1 to {} px a side)",
                                picture.width, picture.height, JPEG_MAX_DIMENSION));
    if (quality < 1 || quality > 100)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("JPEG quality {} is not in 1…100", quality));
    Compressor jpeg;
    if (!compress(jpeg, picture, quality)) throw std::bad_alloc();
    return std::move(jpeg.coded);
}

}  // namespace yolodata
