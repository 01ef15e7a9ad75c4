// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <vector>

#include <fmt/format.h>

#include "codecs.hpp"
#include "jpeg_reading.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/check.hpp"

namespace yolodata {
namespace {

// in_data: the header could be read, so that a marker of another kind of JPEG is damage.
[[noreturn]] void throw_failure(JpegDecompressor& jpeg, bool in_data) {
    const std::string text = jpeg.ran_out() ? "the file ends too early" : jpeg.error_text();
    switch (jpeg.error_code()) {
        case JERR_OUT_OF_MEMORY:
            throw std::bad_alloc();
        case JERR_SOF_UNSUPPORTED:
            if (in_data) break;
            [[fallthrough]];
        case JERR_BAD_PRECISION:
        case JERR_CONVERSION_NOTIMPL:
        case JERR_IMAGE_TOO_BIG:
            throw Error(ErrorKind::unsupported,
                        "this kind of JPEG cannot be decoded here: " + text);
        default:
            break;
    }
    throw Error(ErrorKind::corrupt, "damaged JPEG: " + text);
}

// What decoded with a warning is looked at again, strictly: a missing end marker alone is no
// damage.
void throw_if_damaged(std::span<const std::byte> bytes) {
    const ImageReport report = check_image(bytes, {.max_pixels = 0});
    for (ImageRule rule : {ImageRule::truncated, ImageRule::corrupt_data})
        if (const ImageIssue* issue = report.find(rule))
            throw Error(ErrorKind::corrupt, "damaged JPEG: " + issue->message);
}

// libjpeg says nothing of a component that no scan brought: it is left gray.
bool may_lack_components(jpeg_decompress_struct& info) {
    if (!jpeg_has_multiple_scans(&info)) return false;
    if (!info.progressive_mode) return true;  // rare, and nothing tells which scans there were
    for (int c = 0; c < info.num_components; ++c)
        if (info.coef_bits[c][0] < 0) return true;
    return false;
}

}  // namespace

Decoded decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options) {
    JpegDecompressor jpeg(bytes);
    jpeg_decompress_struct& info = jpeg.info;
    if (!jpeg.guarded([&] { jpeg.read_header(); })) throw_failure(jpeg, false);
    const int width = static_cast<int>(info.image_width),
              height = static_cast<int>(info.image_height);
    refuse_bombs(width, height, options);
    if (info.data_precision != 8)
        throw Error(ErrorKind::unsupported,
                    fmt::format("a JPEG of {} bits a channel cannot be decoded here; convert "
                                "it to 8 bits",
                                info.data_precision));
    const bool sized = jpeg.guarded([&] {
        set_accurate(info, jpeg_eighths(width, height, options.long_side));
        jpeg_calc_output_dimensions(&info);
    });
    if (!sized) throw_failure(jpeg, true);
    Decoded decoded{Picture(static_cast<int>(info.output_width), static_cast<int>(info.output_height)),
                    jpeg.orientation()};
    bool suspect = info.arith_code;
    std::vector<JSAMPLE> inks(info.num_components == 4 ? std::size_t{info.output_width} * 4 : 0);
    const bool read = jpeg.guarded([&] {
        jpeg_start_decompress(&info);
        while (info.output_scanline < info.output_height)
            read_rgb_row(info, decoded.picture.row(static_cast<int>(info.output_scanline)), inks.data());
        suspect = suspect || may_lack_components(info);
        jpeg_finish_decompress(&info);
    });
    if (!read) throw_failure(jpeg, true);
    if (jpeg.damage().code != 0 || jpeg.ran_out() || suspect) throw_if_damaged(bytes);
    return decoded;
}

}  // namespace yolodata
