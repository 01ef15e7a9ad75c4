// SPDX-License-Identifier: Apache-2.0
#include "exif.hpp"

#include <cstdint>

namespace yolodata {
namespace {

class Reader {
 public:
    explicit Reader(std::span<const std::byte> bytes)
        : bytes_(bytes), little_(bytes[0] == std::byte{'I'}) {}

    std::uint32_t number(std::size_t at, int size) const {
        std::uint32_t value = 0;
        for (int i = 0; i < size; ++i)
            value |= std::to_integer<std::uint32_t>(bytes_[at + i])
                     << 8 * (little_ ? i : size - 1 - i);
        return value;
    }

 private:
    std::span<const std::byte> bytes_;
    bool little_;
};

}  // namespace

int exif_orientation(std::span<const std::byte> tiff) {
    if (tiff.size() < 8 || tiff[0] != tiff[1]) return 1;
    if (tiff[0] != std::byte{'I'} && tiff[0] != std::byte{'M'}) return 1;
    const Reader read(tiff);
    const std::size_t directory = read.number(4, 4);
    if (read.number(2, 2) != 42 || directory + 2 > tiff.size()) return 1;
    const std::size_t entries = read.number(directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t at = directory + 2 + 12 * i;
        if (at + 12 > tiff.size()) break;
        if (read.number(at, 2) != 0x0112) continue;
        // SHORT is what the standard asks for; LONG is met as well.
        const auto type = read.number(at + 2, 2);
        const auto value = type == 3   ? read.number(at + 8, 2)
                           : type == 4 ? read.number(at + 8, 4)
                                       : 1;
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

}  // namespace yolodata
