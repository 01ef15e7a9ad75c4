// SPDX-License-Identifier: Apache-2.0
#include "codecs.hpp"
#include "tiff_file.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {

Decoded decode_tiff(std::span<const std::byte> bytes, const DecodeOptions& options) {
    TiffFile file(bytes);
    if (!file.is_open() || file.width() <= 0 || file.height() <= 0)
        throw Error(ErrorKind::corrupt,
                    "damaged TIFF: " + (file.error().empty() ? "no picture" : file.error()));
    refuse_bombs(file.width(), file.height(), options);
    if (const std::string why = file.unsupported(); !why.empty())
        throw Error(ErrorKind::unsupported,
                    why + " cannot be decoded here; convert it to 8 bits and three bands");
    const TiffPixels pixels = file.read_pixels();
    if (!pixels.fault.empty()) throw Error(ErrorKind::corrupt, "damaged TIFF: " + pixels.fault);
    Decoded decoded{{}, file.orientation()};
    if (!file.decode(decoded.picture))
        throw Error(ErrorKind::corrupt, "damaged TIFF: " + file.error());
    return decoded;
}

}  // namespace yolodata
