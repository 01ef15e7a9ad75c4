// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/sample.hpp"

namespace yolodata {

std::vector<PixelBox> to_pixels(const std::vector<Box>& boxes, int width, int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    std::vector<PixelBox> pixels;
    pixels.reserve(boxes.size());
    for (const Box& b : boxes)
        pixels.push_back({b.cls, (b.x - b.w / 2) * w, (b.y - b.h / 2) * h, (b.x + b.w / 2) * w,
                          (b.y + b.h / 2) * h});
    return pixels;
}

std::vector<Box> to_normalised(const std::vector<PixelBox>& boxes, int width, int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    std::vector<Box> normalised;
    normalised.reserve(boxes.size());
    for (const PixelBox& b : boxes)
        normalised.push_back({b.cls, (b.x1 + b.x2) / 2 / w, (b.y1 + b.y2) / 2 / h,
                              (b.x2 - b.x1) / w, (b.y2 - b.y1) / h});
    return normalised;
}

}  // namespace yolodata
