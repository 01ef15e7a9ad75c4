// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {

struct AugmentOptions;

/// The numbers of one random affine or perspective transform.
struct AffineDraw {
    double angle = 0;                 ///< degrees, counter-clockwise
    double scale = 1;                 ///< gain
    double shear_x = 0, shear_y = 0;  ///< degrees
    double translate_x = 0.5,
           translate_y = 0.5;  ///< where the centre goes, fraction of the output's size
    double perspective_x = 0, perspective_y = 0;

    bool has_perspective() const { return perspective_x != 0 || perspective_y != 0; }
};

/// Uniform within the ranges of the options; every number is drawn, whether its range is empty or
/// not.
AffineDraw draw_affine(Random& random, const AugmentOptions& options);

/// Row-major 3 × 3, source pixels to output pixels: translate · shear · rotate and scale ·
/// perspective · centre.
std::array<double, 9> affine_matrix(const AffineDraw& draw, int source_width, int source_height,
                                    int width, int height);

/// Whether a box that was `before` and is, clipped, `after` is kept: over 2 px wide and high, over
/// `least_share` of its scaled area, sides that differ by less than 100 : 1.
bool box_stays(const PixelBox& before, const PixelBox& after, double scale, double least_share);

/// Boxes moved by a matrix whose draw has this scale: see warp().
std::vector<PixelBox> warp_boxes(const std::vector<PixelBox>& boxes,
                                 const std::array<double, 9>& matrix, double scale, int width,
                                 int height);

/// Warps a sample onto width × height (bilinear; padding_value outside) and its boxes along: the
/// upright box around the four corners, clipped. Boxes stay that are, after clipping, over 2 px
/// wide and high, keep over a tenth of their scaled area and whose sides differ by less than 100
/// : 1.
Sample warp(const Sample& sample, const AffineDraw& draw, int width, int height);

}  // namespace yolodata
