// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "codecs.hpp"
#include "webp.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {

Decoded decode_webp(std::span<const std::byte> bytes, const DecodeOptions& options) {
    const WebpFile file = read_webp_header(bytes);
    if (!file.fault.empty())
        throw Error(ErrorKind::corrupt, "damaged WebP: " + file.fault + ", in the header");
    refuse_bombs(file.width, file.height, options);
    if (file.ends_early) throw Error(ErrorKind::corrupt, "damaged WebP: the file ends too early");
    WebpPixels pixels = read_webp_pixels(bytes, file);
    if (!pixels.fault.empty()) throw Error(ErrorKind::corrupt, "damaged WebP: " + pixels.fault);
    return {std::move(pixels.picture), file.orientation};
}

}  // namespace yolodata
