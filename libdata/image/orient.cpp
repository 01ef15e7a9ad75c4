// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "codecs.hpp"

namespace yolodata {
namespace {

using Pixel = std::array<std::uint8_t, 3>;

Pixel* row_of(Picture& picture, int y) {
    return reinterpret_cast<Pixel*>(picture.row(y));
}

void mirror_left_right(Picture& picture) {
    for (int y = 0; y < picture.height; ++y) {
        Pixel* row = row_of(picture, y);
        std::reverse(row, row + picture.width);
    }
}

void mirror_top_bottom(Picture& picture) {
    for (int y = 0; y < picture.height / 2; ++y)
        std::swap_ranges(row_of(picture, y), row_of(picture, y) + picture.width,
                         row_of(picture, picture.height - 1 - y));
}

Picture transpose(Picture& picture) {
    Picture turned(picture.height, picture.width);
    constexpr int block = 32;  // both pictures' rows of a block stay in the cache
    for (int y0 = 0; y0 < picture.height; y0 += block)
        for (int x0 = 0; x0 < picture.width; x0 += block)
            for (int y = y0; y < std::min(y0 + block, picture.height); ++y) {
                const Pixel* row = row_of(picture, y);
                for (int x = x0; x < std::min(x0 + block, picture.width); ++x)
                    row_of(turned, x)[y] = row[x];
            }
    return turned;
}

}  // namespace

// Orientations 5…8 are a transposition, followed by what 1…4 stand for, mirrored along.
Picture orient(Picture picture, int orientation) {
    if (orientation >= 5 && orientation <= 8) picture = transpose(picture);
    const bool left_right =
        orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
    const bool top_bottom =
        orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
    if (left_right) mirror_left_right(picture);
    if (top_bottom) mirror_top_bottom(picture);
    return picture;
}

}  // namespace yolodata
