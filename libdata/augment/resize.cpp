// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/resize.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "mat.hpp"
#include "yolodata/augment/mosaic.hpp"

namespace yolodata {
namespace {

int to_even(double value) {
    return static_cast<int>(std::nearbyint(value));
}  // halves to the even side

}  // namespace

std::pair<int, int> resized_to_long_side(int width, int height, int imgsz) {
    const double ratio = static_cast<double>(imgsz) / std::max(width, height);
    if (ratio == 1) return {width, height};
    auto side = [&](int length) {
        return std::min(static_cast<int>(std::ceil(length * ratio)), imgsz);
    };
    return {side(width), side(height)};
}

Picture resize_to_long_side(Picture picture, int imgsz) {
    const auto [width, height] = resized_to_long_side(picture.width, picture.height, imgsz);
    if (width == picture.width && height == picture.height) return picture;
    Picture resized(width, height);
    cv::Mat to = as_mat(resized);
    cv::resize(as_mat(picture), to, to.size(), 0, 0, cv::INTER_LINEAR);
    return resized;
}

Picture letterbox(const Picture& picture, int width, int height, bool scale_up, Letterbox* where) {
    double ratio = std::min(static_cast<double>(height) / picture.height,
                            static_cast<double>(width) / picture.width);
    if (!scale_up) ratio = std::min(ratio, 1.0);
    const int inner_width = std::max(to_even(picture.width * ratio), 1);
    const int inner_height = std::max(to_even(picture.height * ratio), 1);
    const double pad_x = (width - inner_width) / 2.0, pad_y = (height - inner_height) / 2.0;
    const int left = to_even(pad_x - 0.1), top = to_even(pad_y - 0.1);
    if (where != nullptr) *where = {ratio, ratio, left, top, pad_x, pad_y};

    Picture boxed(width, height);
    std::fill(boxed.rgb.begin(), boxed.rgb.end(), static_cast<std::uint8_t>(padding_value));
    cv::Mat inner = as_mat(boxed)(cv::Rect(left, top, inner_width, inner_height));
    const cv::Mat source = as_mat(picture);
    if (source.size() == inner.size())
        source.copyTo(inner);
    else
        cv::resize(source, inner, inner.size(), 0, 0, cv::INTER_LINEAR);
    return boxed;
}

}  // namespace yolodata
