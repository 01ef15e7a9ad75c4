// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <utility>

#include "codecs.hpp"
#include "heif_file.hpp"
#include "heif_pixels.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/format.hpp"

namespace yolodata {

Decoded decode_heif(std::span<const std::byte> bytes, Format format, const DecodeOptions& options) {
    const auto damaged = [format](std::string_view why) {
        return Error(ErrorKind::corrupt, fmt::format("damaged {}: {}", format_name(format), why));
    };
    const auto unsupported = [format](std::string_view why) {
        return Error(ErrorKind::unsupported,
                     fmt::format("{} cannot be decoded here ({}); convert it to PNG or JPEG",
                                 format_name(format), why));
    };
    const HeifFile file = read_heif_file(bytes);
    if (file.only_track) throw unsupported("a sequence without a still picture");
    if (!file.fault.empty()) throw damaged(file.fault);
    refuse_bombs(file.width, file.height, options);
    if (options.max_pixels != 0 && file.largest.pixels() > options.max_pixels)
        throw Error(ErrorKind::resource,
                    fmt::format("a part of the coded data has {} x {} pixels, over the limit of {}",
                                file.largest.width, file.largest.height, options.max_pixels));
    if (const std::string why = heif_obstacle(file.codec); !why.empty()) throw unsupported(why);
    if (file.needs > bytes.size()) throw damaged("the file ends too early");
    HeifPixels pixels = read_heif_pixels(bytes, file, format == Format::heic);
    if (pixels.is_unsupported) throw unsupported(pixels.fault);
    if (!pixels.fault.empty()) throw damaged(pixels.fault);
    return {std::move(pixels.picture), format == Format::avif ? file.orientation : 1};
}

}  // namespace yolodata
