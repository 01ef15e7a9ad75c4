// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "yolodata/image/decode.hpp"
#include "yolodata/image/format.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

/// A picture as stored, and how it is to be shown.
struct Decoded {
    Picture picture;
    int orientation = 1;  ///< EXIF, 1…8
};

/// The decoders, one a format; as decode(), without turning.
Decoded decode_jpeg(std::span<const std::byte> bytes, const DecodeOptions& options);
Decoded decode_png(std::span<const std::byte> bytes, const DecodeOptions& options);
Decoded decode_bmp(std::span<const std::byte> bytes, const DecodeOptions& options);
Decoded decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options);
Decoded decode_tiff(std::span<const std::byte> bytes, const DecodeOptions& options);
#ifdef YOLO_HAVE_HEIF
/// AVIF or HEIC.
Decoded decode_heif(std::span<const std::byte> bytes, Format format, const DecodeOptions& options);
#endif

/// Throws Error(resource) if width × height is over options.max_pixels.
void refuse_bombs(int width, int height, const DecodeOptions& options);

/// The picture as an EXIF orientation (1…8) shows it.
Picture orient(Picture picture, int orientation);

}  // namespace yolodata
