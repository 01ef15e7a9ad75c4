// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/decode.hpp"

#include <utility>

#include <fmt/format.h>

#include "codecs.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/format.hpp"

namespace yolodata {
namespace {

Decoded decode_as(Format format, std::span<const std::byte> bytes, const DecodeOptions& options) {
    switch (format) {
        case Format::jpeg:
            return decode_jpeg(bytes, options);
        case Format::png:
            return decode_png(bytes, options);
        case Format::bmp:
            return decode_bmp(bytes, options);
        case Format::webp:
            return decode_webp(bytes, options);
        case Format::tiff:
            return decode_tiff(bytes, options);
#ifdef YOLO_HAVE_HEIF
        case Format::avif:
        case Format::heic:
            return decode_heif(bytes, format, options);
#endif
        case Format::unknown:
            throw Error(ErrorKind::corrupt, "the content is no known picture format");
        default:
            throw Error(ErrorKind::unsupported,
                        fmt::format("{} cannot be decoded here; convert it to PNG or JPEG",
                                    format_name(format)));
    }
}

}  // namespace

void refuse_bombs(int width, int height, const DecodeOptions& options) {
    const std::uint64_t pixels =
        static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    if (options.max_pixels != 0 && pixels > options.max_pixels)
        throw Error(ErrorKind::resource, fmt::format("{} x {} are {} pixels, over the limit of {}",
                                                     width, height, pixels, options.max_pixels));
}

Picture decode(std::span<const std::byte> bytes, const DecodeOptions& options) {
    if (bytes.empty()) throw Error(ErrorKind::corrupt, "the file is empty (0 bytes)");
    Decoded decoded = decode_as(detect_format(bytes), bytes, options);
    if (!options.apply_exif) return std::move(decoded.picture);
    return orient(std::move(decoded.picture), decoded.orientation);
}

}  // namespace yolodata
