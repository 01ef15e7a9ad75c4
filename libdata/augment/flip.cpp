// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/flip.hpp"

#include <opencv2/core.hpp>

#include "mat.hpp"

namespace yolodata {

void flip_left_right(Sample& sample) {
    cv::Mat pixels = as_mat(sample.image);
    cv::flip(pixels, pixels, 1);
    const auto width = static_cast<float>(sample.image.width);
    for (PixelBox& box : sample.boxes) {
        const float left = width - box.x2;
        box.x2 = width - box.x1;
        box.x1 = left;
    }
}

void flip_up_down(Sample& sample) {
    cv::Mat pixels = as_mat(sample.image);
    cv::flip(pixels, pixels, 0);
    const auto height = static_cast<float>(sample.image.height);
    for (PixelBox& box : sample.boxes) {
        const float top = height - box.y2;
        box.y2 = height - box.y1;
        box.y1 = top;
    }
}

}  // namespace yolodata
