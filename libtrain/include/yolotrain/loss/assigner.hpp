// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// Which anchors answer for which labelled box. K positives, ascending by anchor, without graph.
struct Assignment {
    at::Tensor image;   ///< int64 [K]
    at::Tensor anchor;  ///< int64 [K], over all levels: level by level, row by row
    at::Tensor target;  ///< int64 [K], row of `targets`
    at::Tensor weight;  ///< float [K], in (0, 1]: the target score of the box's class
};

/// Task-aligned assignment (Feng et al. 2021, "TOOD"), as Ultralytics 8.4.190 computes it.
///
/// An anchor is a candidate of a box if its centre lies more than 1e-9 px inside it, a side under
/// 16 px being taken as 16 px about its centre. metric = score of the box's class ^ 0.5 · max(CIoU,
/// 0)^6; each box takes its 10 best; an anchor taken by several boxes goes to the one with the
/// largest CIoU there. weight = metric · (box's largest CIoU) / (box's largest metric + 1e-9) over
/// what the box kept. Anchors of weight 0 are left out: which of them a top-10 list holds is a
/// sorting routine's accident.
///
/// targets: float [M, 6], as Batch::targets, on the maps' device.
Assignment assign(const RawMaps& maps, const at::Tensor& targets);

}  // namespace yolotrain
