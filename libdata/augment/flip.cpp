// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/flip.hpp"

#include <opencv2/core.hpp>

#include "mat.hpp"

namespace yolodata {

namespace {

/// The two ends of a stretch of 0…length, seen from the other end.
void mirror(float& low, float& high, int length) {
    const auto edge = static_cast<float>(length);
    const float mirrored = edge - high;
    high = edge - low;
    low = mirrored;
}

void flip(Picture& picture, int code) {
    cv::Mat pixels = as_mat(picture);
    cv::flip(pixels, pixels, code);
}

}  // namespace

void flip_left_right(std::vector<PixelBox>& boxes, int width) {
    for (PixelBox& box : boxes) mirror(box.x1, box.x2, width);
}

void flip_up_down(std::vector<PixelBox>& boxes, int height) {
    for (PixelBox& box : boxes) mirror(box.y1, box.y2, height);
}

void flip_left_right(Sample& sample) {
    flip(sample.image, 1);
    flip_left_right(sample.boxes, sample.image.width);
}

void flip_up_down(Sample& sample) {
    flip(sample.image, 0);
    flip_up_down(sample.boxes, sample.image.height);
}

}  // namespace yolodata
