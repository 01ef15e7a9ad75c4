// SPDX-License-Identifier: Apache-2.0
#include "jpeg_reading.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "yolodata/image/decode.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {
namespace {

// Inverted CMYK, as Adobe writes it; without a colour profile, in OpenCV's integer arithmetic.
void cmyk_to_rgb(const JSAMPLE* cmyk, std::uint8_t* rgb, int width) {
    for (int x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
        const int k = cmyk[3];
        for (int c = 0; c < 3; ++c)
            rgb[c] = static_cast<std::uint8_t>(k - (((255 - cmyk[c]) * k) >> 8));
    }
}

// To be looked at only: hardly anything is transformed.
void set_rough(jpeg_decompress_struct& info, unsigned eighths) {
    info.scale_num = eighths, info.scale_denom = 8;
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = FALSE;
    if (info.jpeg_color_space == JCS_YCbCr) info.out_color_space = JCS_GRAYSCALE;
}

}  // namespace

unsigned jpeg_eighths(int width, int height, int long_side) {
    if (long_side <= 0) return 8;
    const std::int64_t side = std::max(width, height);
    for (const unsigned eighths : {1u, 2u, 4u})
        if ((side * eighths + 7) / 8 >= long_side) return eighths;
    return 8;
}

std::pair<int, int> scaled_jpeg_size(int width, int height, int long_side) {
    const std::int64_t eighths = jpeg_eighths(width, height, long_side);
    const auto scaled = [&](std::int64_t side) { return static_cast<int>((side * eighths + 7) / 8); };
    return {scaled(width), scaled(height)};
}

void set_accurate(jpeg_decompress_struct& info, unsigned eighths) {
    info.scale_num = eighths, info.scale_denom = 8;
    info.out_color_space = info.num_components == 4 ? JCS_CMYK : JCS_RGB;
}

void read_rgb_row(jpeg_decompress_struct& info, std::uint8_t* rgb, JSAMPLE* inks) {
    const bool cmyk = info.out_color_space == JCS_CMYK;
    JSAMPROW line = cmyk ? inks : rgb;
    jpeg_read_scanlines(&info, &line, 1);
    if (cmyk) cmyk_to_rgb(inks, rgb, static_cast<int>(info.output_width));
}

bool JpegReading::read_all(const JpegScale& scale, GrayThumbnail* thumbnail, Picture* picture) {
    if (!jpeg_.guarded([&] { start(scale); })) return false;
    if (several_scans()) return jpeg_.guarded([this] { read_scans(); });
    make_room(picture);
    return jpeg_.guarded([&] {
        read_lines(thumbnail, picture);
        jpeg_finish_decompress(&jpeg_.info);
        end_ = jpeg_.offset();
    });
}

bool JpegReading::show_scans(GrayThumbnail* thumbnail, Picture* picture) {
    make_room(picture);
    return jpeg_.guarded([&] {
        jpeg_.info.do_block_smoothing = FALSE;
        jpeg_start_output(&jpeg_.info, jpeg_.info.input_scan_number);
        read_lines(thumbnail, picture);
        jpeg_finish_output(&jpeg_.info);
    });
}

void JpegReading::start(const JpegScale& scale) {
    if (scale.accurate)
        set_accurate(jpeg_.info, scale.eighths);
    else
        set_rough(jpeg_.info, scale.eighths);
    jpeg_.info.buffered_image = jpeg_has_multiple_scans(&jpeg_.info);
    jpeg_start_decompress(&jpeg_.info);
}

// Outside guarded code: an error would jump over the destructors.
void JpegReading::make_room(Picture* picture) {
    const jpeg_decompress_struct& info = jpeg_.info;
    row_.resize(std::size_t{info.output_width} * static_cast<std::size_t>(info.output_components));
    if (picture == nullptr) return;
    picture->width = static_cast<int>(info.output_width);
    picture->height = static_cast<int>(info.output_height);
    picture->rgb.resize(std::size_t{info.output_width} * info.output_height * 3);
}

void JpegReading::read_lines(GrayThumbnail* thumbnail, Picture* picture) {
    jpeg_decompress_struct& info = jpeg_.info;
    if (thumbnail != nullptr)
        thumbnail->begin(static_cast<int>(info.output_width), static_cast<int>(info.output_height));
    JSAMPROW line = row_.data();
    while (info.output_scanline < info.output_height) {
        if (picture != nullptr) {
            read_rgb_row(info, picture->row(static_cast<int>(info.output_scanline)), row_.data());
            continue;
        }
        jpeg_read_scanlines(&info, &line, 1);
        if (thumbnail == nullptr) continue;
        if (info.output_components == 4)
            thumbnail->add_cmyk_row(line);
        else
            thumbnail->add_row(line, info.output_components);
    }
}

void JpegReading::read_scans() {
    note_components();
    jpeg_decompress_struct& info = jpeg_.info;
    for (int result; (result = jpeg_consume_input(&info)) != JPEG_REACHED_EOI;) {
        if (result != JPEG_REACHED_SOS) continue;
        note_components();
        if (info.input_scan_number > JpegDecompressor::max_scans) {
            too_many_scans_ = true;
            return;
        }
    }
    end_ = jpeg_.offset();
}

void JpegReading::note_components() {
    for (int i = 0; i < jpeg_.info.comps_in_scan; ++i)
        seen_[static_cast<std::size_t>(jpeg_.info.cur_comp_info[i]->component_index)] = true;
}

bool JpegReading::lacks_components() const {
    if (!several_scans()) return false;
    return !std::all_of(seen_.begin(), seen_.begin() + jpeg_.info.num_components,
                        [](bool seen) { return seen; });
}

bool JpegReading::lacks_scans() const {
    if (!several_scans()) return false;
    const jpeg_decompress_struct& info = jpeg_.info;
    for (int c = 0; c < info.num_components; ++c) {
        if (!seen_[static_cast<std::size_t>(c)]) return true;
        for (int k = 0; info.progressive_mode && k < DCTSIZE2; ++k)
            if (info.coef_bits[c][k] != 0) return true;
    }
    return false;
}

}  // namespace yolodata
