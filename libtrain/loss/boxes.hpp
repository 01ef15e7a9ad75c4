// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace yolotrain::detail {

/// Complete IoU (Zheng et al. 2020) of boxes [K, 4] in corners, pair by pair: [K]. Differentiable
/// in both; the trade-off factor alpha carries no gradient. eps 1e-7 on heights (not widths), union
/// and diagonal, as Ultralytics has it.
at::Tensor complete_iou(const at::Tensor& a, const at::Tensor& b);

/// Corners in pixels [M, 4] of targets [M, 6] (…, centre and size normalised) in a width × height
/// input.
at::Tensor target_corners(const at::Tensor& targets, double width, double height);

}  // namespace yolotrain::detail
