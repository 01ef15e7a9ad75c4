// SPDX-License-Identifier: Apache-2.0
#include "bmp.hpp"
#include "codecs.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {

Decoded decode_bmp(std::span<const std::byte> bytes, const DecodeOptions& options) {
    const BmpHeader header = read_bmp_header(bytes);
    if (!header.fault.empty())
        throw Error(header.unsupported ? ErrorKind::unsupported : ErrorKind::corrupt,
                    "BMP: " + header.fault);
    refuse_bombs(header.width, header.height, options);
    const BmpPixels checked = read_bmp_pixels(bytes, header, {});
    if (!checked.fault.empty()) throw Error(ErrorKind::corrupt, "damaged BMP: " + checked.fault);
    Decoded decoded{Picture(header.width, header.height), 1};
    read_bmp_pixels(bytes, header, [&](int y) { return decoded.picture.row(y); });
    return decoded;
}

}  // namespace yolodata
