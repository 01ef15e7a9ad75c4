// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "yolotrain/eval/detections.hpp"

namespace yolotrain {

struct NmsOptions {
    float conf = 0.001F;  ///< a score must be greater (in float32)
    float iou = 0.7F;     ///< a box that overlaps a better one by more (in float32) is dropped
    int max_det = 300;    ///< detections kept, best first
    int max_candidates = 30000;  ///< best-scored candidates that enter
    bool multi_label =
        true;  ///< every class over conf is a candidate of its own; false: the best class only
    bool agnostic = false;              ///< boxes of different classes suppress each other too
    std::vector<std::int32_t> classes;  ///< keep only these, empty = all
};

/// Non-maximum suppression of one picture's decoded predictions, [4+nc, anchors] contiguous: centre
/// x, y, width, height in pixels, then class scores. Classes are kept apart by an offset of 7680 px
/// a class. Equal scores keep their order (anchor, then class). Result: best first. No time limit:
/// the same predictions always give the same boxes. Thread-safe.
std::vector<Detection> nms(const float* predictions, std::int64_t nc, std::int64_t anchors,
                           const NmsOptions& options);

}  // namespace yolotrain
