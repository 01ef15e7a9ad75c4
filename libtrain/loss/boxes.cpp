// SPDX-License-Identifier: Apache-2.0
#include "boxes.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <numbers>

namespace yolotrain::detail {

at::Tensor complete_iou(const at::Tensor& a, const at::Tensor& b) {
    constexpr double eps = 1e-7;
    const auto pa = a.unbind(1), pb = b.unbind(1);  // x1, y1, x2, y2
    const auto wa = pa[2] - pa[0], ha = pa[3] - pa[1] + eps;
    const auto wb = pb[2] - pb[0], hb = pb[3] - pb[1] + eps;
    const auto overlap = (at::minimum(pa[2], pb[2]) - at::maximum(pa[0], pb[0])).clamp_min(0) *
                         (at::minimum(pa[3], pb[3]) - at::maximum(pa[1], pb[1])).clamp_min(0);
    const auto iou = overlap / (wa * ha + wb * hb - overlap + eps);
    // Diagonal of the smallest box around both, distance of the centres, likeness of the aspects.
    const auto cw = at::maximum(pa[2], pb[2]) - at::minimum(pa[0], pb[0]);
    const auto ch = at::maximum(pa[3], pb[3]) - at::minimum(pa[1], pb[1]);
    const auto diagonal = cw.square() + ch.square() + eps;
    const auto distance =
        ((pb[0] + pb[2] - pa[0] - pa[2]).square() + (pb[1] + pb[3] - pa[1] - pa[3]).square()) / 4;
    const auto v = (at::atan(wb / hb) - at::atan(wa / ha)).square() *
                   (4 / (std::numbers::pi * std::numbers::pi));
    at::Tensor alpha;
    {
        at::NoGradGuard no_grad;
        alpha = v / (1 - iou + v + eps);
    }
    return iou - (distance / diagonal + v * alpha);
}

at::Tensor target_corners(const at::Tensor& targets, double width, double height) {
    const auto size = at::tensor({width, height}, targets.options());
    const auto centre = targets.narrow(1, 2, 2) * size, half = targets.narrow(1, 4, 2) * size / 2;
    return at::cat({centre - half, centre + half}, 1);
}

}  // namespace yolotrain::detail
