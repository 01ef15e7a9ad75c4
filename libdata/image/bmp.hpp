// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace yolodata {

/// Where the bits of a channel lie in a pixel of 16 or 32 bits.
struct BmpMask {
    std::uint32_t mask = 0;
    int shift = 0, bits = 0;
};

/// A BMP's headers: core (OS/2), info and its longer versions; 1, 4, 8 bits with a palette, plain
/// or run-length coded, 16, 24 and 32 bits, plain or with masks.
struct BmpHeader {
    int width = 0, height = 0;
    bool top_down = false;
    int bits = 0;                                      ///< a pixel
    int run_length = 0;                                ///< 0, or the bits of a pixel, 4 or 8
    std::array<BmpMask, 4> masks{};                    ///< red, green, blue, alpha
    std::vector<std::array<std::uint8_t, 3>> palette;  ///< RGB
    std::size_t pixels = 0;                            ///< offset of the first pixel
    std::size_t row_bytes = 0;                         ///< with padding; 0 if run-length coded
    std::size_t declared_size = 0;                     ///< of the whole file, as it says itself

    std::string fault;         ///< why the headers make no picture; empty = they do
    bool ends_early = false;   ///< … because the file ends
    bool unsupported = false;  ///< … because this build does not read the kind
};

BmpHeader read_bmp_header(std::span<const std::byte> bytes);

/// What became of the pixels.
struct BmpPixels {
    int rows = 0;         ///< whole rows, in the order of the file
    std::size_t end = 0;  ///< offset behind the pixels
    std::string fault;    ///< empty = every pixel is there
    bool ends_early = false;
};

/// Decodes into rows of RGB, top to bottom wherever they stand in the file: row(y) is where row y
/// goes. An empty function only checks.
BmpPixels read_bmp_pixels(std::span<const std::byte> bytes, const BmpHeader& header,
                          const std::function<std::uint8_t*(int)>& row);

/// Are all pixels opaque? Only asked where there is an alpha mask and the pixels are whole.
bool is_bmp_opaque(std::span<const std::byte> bytes, const BmpHeader& header);

}  // namespace yolodata
