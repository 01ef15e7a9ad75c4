// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "yolodata/augment/hsv.hpp"
#include "yolodata/augment/picture_view.hpp"

namespace yolodata {

/// A picture on a canvas: its upper left corner, px; may lie outside in part.
struct Placement {
    PictureView picture;
    int x = 0, y = 0;
};

/// What is looked at through an affine transform: pictures that do not overlap on a canvas that is
/// padding_value elsewhere. The canvas is never made.
struct Layer {
    std::vector<Placement> parts;
    int canvas_width = 0, canvas_height = 0;  ///< px; parts are cut off there
    /// Row-major 3 × 3, canvas pixels to output pixels (before flips), as affine_matrix() gives it;
    /// the last row must be 0 0 1. A singular one shows nothing but padding.
    std::array<double, 9> matrix{1, 0, 0, 0, 1, 0, 0, 0, 1};
};

/// What happens to the pixels after the transform: blending, then colours, then flips.
struct Finish {
    double ratio = 1;  ///< share of the first of two layers, as mixup() takes it
    HsvGains gains;
    bool flip_left_right = false, flip_up_down = false;
};

enum class PixelLayout { interleaved, planar };  ///< R G B R G B …, or a plane a channel

/// Where the pixels go: width · height · 3 bytes of the caller's.
struct PixelTarget {
    std::uint8_t* data = nullptr;
    int width = 0, height = 0;
    PixelLayout layout = PixelLayout::interleaved;
};

/// Draws one layer, or two blended, in one pass over the output: inverse transform, bilinear
/// interpolation, colours, flips, vectorised for the CPU that it runs on. The pixels are those of
/// the chain mosaic4() → warp() → mixup() → apply_hsv() → flip_…(): equal before the colours (same
/// fixed-point arithmetic as OpenCV's warpAffine: coordinates in 1/32 px, exact weights), at most
/// one grey level apart after them. Thread-safe; keeps a few rows of memory a thread.
/// Throws Error(invalid_argument): no or over two layers, a perspective matrix or one that is not
/// finite, a side over 32,767 px.
void render(const std::vector<Layer>& layers, const Finish& finish, const PixelTarget& target);

}  // namespace yolodata
