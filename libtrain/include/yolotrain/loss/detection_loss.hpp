// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

struct LossGains {
    double box = 7.5, cls = 0.5, dfl = 1.5;
};

struct Loss {
    at::Tensor total;  ///< scalar with graph: (box + cls + dfl) · batch size
    at::Tensor
        items;  ///< float [3], detached: box, cls, dfl with gains, not multiplied by the batch size
};

/// YOLOv8's detection loss (task-aligned assigner, CIoU, distribution focal loss, BCE) as
/// Ultralytics 8.4.190 computes it. targets: Batch::targets. Works for a batch without any target.
/// class_weights: float [nc] on the maps' device, factors of each class's binary cross entropy at
/// every anchor; undefined = all 1.
Loss detection_loss(const RawMaps& maps, const at::Tensor& targets, const LossGains& gains,
                    const at::Tensor& class_weights = {});

}  // namespace yolotrain
