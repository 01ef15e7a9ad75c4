// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolodata/image/picture.hpp"
#include "yolotrain/eval/detections.hpp"
#include "yolotrain/eval/eval_source.hpp"

namespace yolotrain::detail {

/// A picture as the network takes it, made in a worker thread.
struct EvalPicture {
    std::size_t number = 0;  ///< in the source
    bool readable = false;
    std::vector<std::uint8_t> rgb;          ///< [H, W, 3]
    std::vector<yolodata::PixelBox> boxes;  ///< in pixels of the network's input, unclipped
    /// Where the source picture lies in the input: x · scale_x + left.
    float scale_x = 1, scale_y = 1, left = 0, top = 0;
    int source_width = 0, source_height = 0;

    /// A box of the input in pixels of the source picture, clipped to it.
    template <typename Box>
    Box in_source(Box box) const {
        const auto w = static_cast<float>(source_width), h = static_cast<float>(source_height);
        box.x1 = std::clamp((box.x1 - left) / scale_x, 0.0F, w);
        box.y1 = std::clamp((box.y1 - top) / scale_y, 0.0F, h);
        box.x2 = std::clamp((box.x2 - left) / scale_x, 0.0F, w);
        box.y2 = std::clamp((box.y2 - top) / scale_y, 0.0F, h);
        return box;
    }
};

/// Picture `number`, letterboxed to width × height without enlarging it, and its boxes with it.
EvalPicture load_picture(const EvalSource& source, std::size_t number, int imgsz, int width,
                         int height);

}  // namespace yolotrain::detail
