// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/image/picture.hpp"

namespace yolodata::test {

using Bytes = std::vector<std::byte>;

/// Coloured gradients with some noise, the same on every machine.
Picture draw(int width, int height);

/// A JPEG of draw(width, height), in every way a file may be coded.
struct JpegKind {
    int width = 64, height = 48;
    int quality = 85;
    int sampling = 2;  ///< of luma, both ways
    bool progressive = false, arithmetic = false, gray = false, cmyk = false;
    bool interleaved = true;  ///< false: one scan a component
    int restart_rows = 0;
    std::string comment = {};
};
Bytes make_jpeg(const JpegKind& kind);

/// A PNG of draw(width, height): colour type and depth as in the format, alpha_value where there is
/// alpha.
struct PngKind {
    int width = 40, height = 30;
    int colour_type = 2, bit_depth = 8;
    bool interlaced = false;
    int alpha_value = 255;
    bool transparent_colour = false;  ///< tRNS: palette entry 0 or the colour of the first pixel
};
Bytes make_png(const PngKind& kind);

/// The JPEG with a segment right behind its start marker.
Bytes with_segment(const Bytes& jpeg, int marker, std::string_view content);
/// An Exif block ("Exif\0\0" not included) of one entry, the orientation.
std::string exif_block(int orientation, bool little_endian = true);
/// Length, name, content and checksum.
Bytes png_chunk(std::string_view name, std::string_view content);
/// The PNG with a chunk right behind IHDR, checksum included.
Bytes with_chunk(const Bytes& png, std::string_view name, std::string_view content);

Bytes read_file(const std::string& path);
Bytes to_bytes(std::string_view text);
Bytes join(const Bytes& a, const Bytes& b);

}  // namespace yolodata::test
