// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "yolodata/image/picture.hpp"

namespace yolodata {

/// Shrinks (or enlarges) a gray picture that comes row by row to out_width × out_height by area
/// mean: every output pixel is the mean of the rectangle of the picture that it covers. Holds one
/// row and the output. One thread at a time; reusable.
class AreaMean {
 public:
    void begin(int width, int height, int out_width, int out_height);
    void add_row(const std::uint8_t* gray);  ///< `width` pixels; from top to bottom
    bool complete() const { return rows_ != 0 && y_ == rows_; }
    std::span<const float> pixels() const { return out_; }  ///< 0…255, once complete

 private:
    int columns_ = 0, rows_ = 0, out_columns_ = 0, out_rows_ = 0, y_ = 0;
    std::vector<int> edges_;           ///< the pixel in which each output column ends
    std::vector<float> parts_;         ///< and how much of it belongs to the column
    std::vector<std::uint64_t> sums_;  ///< of the row's pixels before x
    std::vector<float> line_, out_;
};

/// A picture's 32 × 32 gray thumbnail and what little its rows tell besides.
class GrayThumbnail {
 public:
    static constexpr int side = 32;

    void begin(int width, int height);
    /// One row of `width` pixels, channels interleaved: 1 = gray, 2 = gray and alpha, 3 = RGB,
    /// 4 = RGB and alpha (which is ignored). `step` bytes a sample, the first of which counts.
    void add_row(const std::uint8_t* pixels, int channels, int step = 1);
    void add_cmyk_row(const std::uint8_t* pixels);  ///< inverted, as Adobe's JPEGs are
    void add(const Picture& picture);               ///< begin and all rows
    void clear() { *this = GrayThumbnail(); }

    bool complete() const { return mean_.complete(); }
    std::span<const float> pixels() const { return mean_.pixels(); }
    int range() const { return highest_ - lowest_; }  ///< between its brightest and darkest pixel

 private:
    AreaMean mean_;
    std::vector<std::uint8_t> gray_;
    int lowest_ = 255, highest_ = 0;
};

/// Luma of 8-bit RGB (ITU-R BT.601 in 1/256), rounded: cut off, its noise doubles the Laplacian of a
/// smooth picture. Equal channels give their own value.
inline std::uint8_t luma(const std::uint8_t* rgb) {
    return static_cast<std::uint8_t>((77 * rgb[0] + 150 * rgb[1] + 29 * rgb[2] + 128) >> 8);
}

}  // namespace yolodata
