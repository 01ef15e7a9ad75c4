// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

/// A box in pixels of its picture, corners, unclipped.
struct PixelBox {
    std::int32_t cls = 0;
    float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

/// A picture with its labels, as augmentations pass it on.
struct Sample {
    Picture image;
    std::vector<PixelBox> boxes;
};

std::vector<PixelBox> to_pixels(const std::vector<Box>& boxes, int width, int height);
std::vector<Box> to_normalised(const std::vector<PixelBox>& boxes, int width, int height);

}  // namespace yolodata
