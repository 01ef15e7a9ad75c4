// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/flip.hpp"

#include <opencv2/core.hpp>

#include "mat.hpp"

namespace yolodata {

void flip_left_right(std::vector<PixelBox>& boxes, int width) {
    const auto edge = static_cast<float>(width);
    for (PixelBox& box : boxes) {
        const float left = edge - box.x2;
        box.x2 = edge - box.x1;
        box.x1 = left;
    }
}

void flip_up_down(std::vector<PixelBox>& boxes, int height) {
    const auto edge = static_cast<float>(height);
    for (PixelBox& box : boxes) {
        const float top = edge - box.y2;
        box.y2 = edge - box.y1;
        box.y1 = top;
    }
}

void flip_left_right(Sample& sample) {
    cv::Mat pixels = as_mat(sample.image);
    cv::flip(pixels, pixels, 1);
    flip_left_right(sample.boxes, sample.image.width);
}

void flip_up_down(Sample& sample) {
    cv::Mat pixels = as_mat(sample.image);
    cv::flip(pixels, pixels, 0);
    flip_up_down(sample.boxes, sample.image.height);
}

}  // namespace yolodata
