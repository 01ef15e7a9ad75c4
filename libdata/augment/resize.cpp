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
    return resize(PictureView(picture), width, height);
}

Picture resize(const PictureView& picture, int width, int height) {
    Picture resized(width, height);
    cv::Mat to = as_mat(resized);
    cv::resize(as_mat(picture), to, to.size(), 0, 0, cv::INTER_LINEAR);
    return resized;
}

Letterbox place_letterbox(int source_width, int source_height, int width, int height,
                          bool scale_up) {
    double ratio = std::min(static_cast<double>(height) / source_height,
                            static_cast<double>(width) / source_width);
    if (!scale_up) ratio = std::min(ratio, 1.0);
    Letterbox where;
    where.scale_x = where.scale_y = ratio;
    where.width = std::max(to_even(source_width * ratio), 1);
    where.height = std::max(to_even(source_height * ratio), 1);
    where.pad_x = (width - where.width) / 2.0;
    where.pad_y = (height - where.height) / 2.0;
    where.left = to_even(where.pad_x - 0.1);
    where.top = to_even(where.pad_y - 0.1);
    return where;
}

std::vector<PixelBox> letterbox_boxes(const std::vector<PixelBox>& boxes, const Letterbox& where) {
    const auto scale = static_cast<float>(where.scale_x);
    const auto left = static_cast<float>(where.left), top = static_cast<float>(where.top);
    std::vector<PixelBox> moved;
    moved.reserve(boxes.size());
    for (const PixelBox& box : boxes)
        moved.push_back({box.cls, box.x1 * scale + left, box.y1 * scale + top,
                         box.x2 * scale + left, box.y2 * scale + top});
    return moved;
}

Picture letterbox(const Picture& picture, int width, int height, bool scale_up, Letterbox* where) {
    const Letterbox place =
        place_letterbox(picture.width, picture.height, width, height, scale_up);
    if (where != nullptr) *where = place;
    Picture boxed(width, height);
    std::fill(boxed.rgb.begin(), boxed.rgb.end(), static_cast<std::uint8_t>(padding_value));
    cv::Mat inner = as_mat(boxed)(cv::Rect(place.left, place.top, place.width, place.height));
    const cv::Mat source = as_mat(picture);
    if (source.size() == inner.size())
        source.copyTo(inner);
    else
        cv::resize(source, inner, inner.size(), 0, 0, cv::INTER_LINEAR);
    return boxed;
}

}  // namespace yolodata
