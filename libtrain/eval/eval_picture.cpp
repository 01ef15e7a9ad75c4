// SPDX-License-Identifier: Apache-2.0
#include "eval_picture.hpp"

#include <tuple>

#include "yolodata/augment/resize.hpp"

namespace yolotrain::detail {

EvalPicture load_picture(const EvalSource& source, std::size_t number, int imgsz, int width,
                         int height) {
    EvalPicture out;
    out.number = number;
    yolodata::Sample sample;
    if (!source.load(number, imgsz, sample)) return out;
    out.readable = true;
    yolodata::Letterbox where;
    out.rgb = yolodata::letterbox(sample.image, width, height, false, &where).rgb;
    out.boxes = std::move(sample.boxes);
    std::tie(out.source_width, out.source_height) = source.source_shape(number);
    const auto sx = static_cast<float>(where.scale_x), sy = static_cast<float>(where.scale_y);
    const auto left = static_cast<float>(where.left), top = static_cast<float>(where.top);
    out.scale_x = sx * static_cast<float>(sample.image.width) / static_cast<float>(out.source_width);
    out.scale_y = sy * static_cast<float>(sample.image.height) / static_cast<float>(out.source_height);
    out.left = left;
    out.top = top;
    for (yolodata::PixelBox& b : out.boxes) {
        b.x1 = b.x1 * sx + left;
        b.y1 = b.y1 * sy + top;
        b.x2 = b.x2 * sx + left;
        b.y2 = b.y2 * sy + top;
    }
    return out;
}

}  // namespace yolotrain::detail
