// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "yolodata/image/picture.hpp"

namespace yolodata {

struct DecodeOptions {
    /// Pictures of more pixels are refused from their header, before any allocation (0 = no limit).
    std::uint64_t max_pixels = 178'956'970;
    /// Turn and mirror by the EXIF orientation, as Ultralytics' reader does.
    bool apply_exif = true;
    /// JPEG: decode at the smallest of libjpeg-turbo's scales 1/8, 1/4, 1/2 and 1 whose long side is
    /// not under this (px; 0 = whole size). All of the file is still read, damage is still found.
    int long_side = 0;
};

/// Decodes a whole JPEG, PNG, BMP, WebP, TIFF, AVIF or HEIC (its first frame or page) to 8-bit RGB:
/// 16-bit by the high byte (TIFF: rounded), grey to three equal channels, alpha dropped, palettes
/// resolved. AVIF and HEIC where libheif is present: HEIC cropped, turned and mirrored as it says
/// itself, AVIF as stored (and by EXIF), as Ultralytics' readers do. JPEG with the codec's accurate
/// DCT and smooth chroma, so that the pixels equal OpenCV's imread. The format is decided by
/// content. Throws Error: corrupt (with the decoder's words; also where check_image finds
/// image/truncated or image/corrupt-data), unsupported (known, not decodable here), resource (over
/// max_pixels). Thread-safe.
Picture decode(std::span<const std::byte> bytes, const DecodeOptions& options = {});

/// Width and height that decode() gives a JPEG of width × height px for DecodeOptions::long_side, not
/// turned.
std::pair<int, int> scaled_jpeg_size(int width, int height, int long_side);

}  // namespace yolodata
