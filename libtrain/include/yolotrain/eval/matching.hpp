// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolotrain/eval/detections.hpp"

namespace yolotrain {

/// COCO's IoU thresholds 0.50, 0.55 … 0.95, in float32.
inline constexpr int kIouThresholds = 10;
const std::array<float, kIouThresholds>& iou_thresholds();

/// Bit t is set when the detection is a true positive at threshold t.
using TruePositives = std::uint16_t;

/// Ties the detections of one picture to its ground truths, both in the same pixels: at each
/// threshold, the detections from the best to the worst take the free target of their class that
/// they overlap most, if by at least the threshold. Detections of equal confidence keep their
/// order.
std::vector<TruePositives> match_detections(std::span<const Detection> detections,
                                            std::span<const yolodata::PixelBox> targets);

}  // namespace yolotrain
