// SPDX-License-Identifier: Apache-2.0
// PNG, as given and once more with every chunk's checksum made right: nearly no change would get
// past them.
#include <zlib.h>

#include <vector>

#include "check_and_decode.hpp"

namespace {

std::uint32_t big_endian(const std::uint8_t* at) {
    return std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 | std::uint32_t{at[2]} << 8 |
           at[3];
}

std::vector<std::uint8_t> with_checksums(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> png(data, data + size);
    for (std::size_t at = 8; at + 12 <= size;) {
        const std::size_t length = big_endian(&png[at]);
        if (length > size - at - 12) break;
        const auto crc =
            static_cast<std::uint32_t>(::crc32(0, &png[at + 4], static_cast<uInt>(length + 4)));
        for (std::size_t i = 0; i < 4; ++i)
            png[at + 8 + length + i] = static_cast<std::uint8_t>(crc >> (24 - 8 * i));
        at += 12 + length;
    }
    return png;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (yolodata::detect_format(fuzz::bytes(data, size)) != yolodata::Format::png) return 0;
    fuzz::check_and_decode(fuzz::bytes(data, size));
    const std::vector<std::uint8_t> png = with_checksums(data, size);
    fuzz::check_and_decode(fuzz::bytes(png.data(), png.size()));
    return 0;
}
