// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>

#include "yolodata/augment/sample.hpp"
#include "yolotrain/eval/detections.hpp"

namespace yolotrain {

/// Intersection over union in float32, as Ultralytics computes it for matching.
inline float box_iou(const yolodata::PixelBox& a, const Detection& b) {
    const float w = std::max(0.0F, std::min(a.x2, b.x2) - std::max(a.x1, b.x1));
    const float h = std::max(0.0F, std::min(a.y2, b.y2) - std::max(a.y1, b.y1));
    const float inter = w * h;
    return inter / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - inter + 1e-7F);
}

}  // namespace yolotrain
