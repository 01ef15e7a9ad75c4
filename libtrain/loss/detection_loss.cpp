// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/loss/detection_loss.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include "boxes.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/loss/assigner.hpp"

namespace yolotrain {

namespace {

constexpr double largest_distance = distance_bins - 1 - 0.01;  // stride units

void check(const RawMaps& maps, const at::Tensor& targets) {
    if (targets.dim() != 2 || targets.size(1) != 6) {
        throw yolodata::Error(
            yolodata::ErrorKind::invalid_argument,
            fmt::format("targets are [M, 6], not [{}]", fmt::join(targets.sizes(), ", ")));
    }
    if (targets.size(0) == 0 || !targets.is_cpu()) return;
    const auto largest = std::get<0>(targets.max(0)), smallest = std::get<0>(targets.min(0));
    const auto nc = maps[0].size(1) - box_channels;
    if (smallest[0].item<double>() < 0 ||
        largest[0].item<double>() >= static_cast<double>(maps[0].size(0)) ||
        smallest[1].item<double>() < 0 || largest[1].item<double>() >= static_cast<double>(nc)) {
        throw yolodata::Error(
            yolodata::ErrorKind::invalid_argument,
            fmt::format("a target's image or class is outside {} images and {} classes",
                        maps[0].size(0), nc));
    }
}

/// What the maps say at the positives, and where these lie.
struct Rows {
    at::Tensor logits;  ///< [K, 64+nc], float, with graph
    at::Tensor centre;  ///< [K, 2], stride units
    at::Tensor stride;  ///< [K, 1], px
};

Rows rows_of(const RawMaps& maps, const Assignment& positives) {
    std::vector<at::Tensor> logits, centre, stride;
    std::int64_t first = 0;
    for (std::size_t l = 0; l < maps.size(); ++l) {
        const auto width = maps[l].size(3), count = maps[l].size(2) * width;
        // Ascending by anchor: a level's positives stand together.
        const auto begin = at::count_nonzero(positives.anchor < first).item<std::int64_t>();
        const auto end = at::count_nonzero(positives.anchor < first + count).item<std::int64_t>();
        const auto image = positives.image.slice(0, begin, end);
        const auto cell = positives.anchor.slice(0, begin, end) - first;
        const auto y = at::div(cell, width, "floor"), x = cell - y * width;
        logits.push_back(maps[l].permute({0, 2, 3, 1}).index({image, y, x}).to(at::kFloat));
        centre.push_back(at::stack({x, y}, 1).to(at::kFloat) + 0.5);
        stride.push_back(at::full({end - begin, 1}, level_strides[l], centre.back().options()));
        first += count;
    }
    return {at::cat(logits), at::cat(centre), at::cat(stride)};
}

/// Σ weight · (1 − CIoU) of the predicted boxes, in stride units.
at::Tensor box_sum(const at::Tensor& log_probability, const Rows& rows, const at::Tensor& corners,
                   const at::Tensor& weight) {
    const auto bins = at::arange(distance_bins, corners.options());
    const auto distance = (log_probability.exp() * bins).sum(2);  // [K, 4]
    const auto predicted = at::cat(
        {rows.centre - distance.narrow(1, 0, 2), rows.centre + distance.narrow(1, 2, 2)}, 1);
    return ((1 - detail::complete_iou(predicted, corners)) * weight).sum();
}

/// Distribution focal loss (Li et al. 2020): cross entropy with the two bins around the true
/// distance, by nearness; mean over the sides.
at::Tensor distribution_sum(const at::Tensor& log_probability, const Rows& rows,
                            const at::Tensor& corners, const at::Tensor& weight) {
    const auto distance =
        at::cat({rows.centre - corners.narrow(1, 0, 2), corners.narrow(1, 2, 2) - rows.centre}, 1)
            .clamp_(0, largest_distance)
            .unsqueeze(2);
    const auto low = distance.floor();
    const auto bin = low.to(at::kLong);
    const auto share = distance - low;
    const auto entropy =
        log_probability.gather(2, bin) * (1 - share) + log_probability.gather(2, bin + 1) * share;
    return -(entropy.mean(std::vector<std::int64_t>{1, 2}) * weight).sum();
}

/// Σ over all anchors and classes of the binary cross entropy against zero, log(1 + e^x), by the
/// classes' weights.
at::Tensor background_sum(const RawMaps& maps, const at::Tensor& class_weights) {
    at::Tensor sum;
    for (const auto& map : maps) {
        const auto logits = map.narrow(1, box_channels, map.size(1) - box_channels).to(at::kFloat);
        const auto entropy = at::softplus(logits, 1, /*threshold=*/40);
        const auto part = class_weights.defined()
                              ? (entropy.sum(std::vector<std::int64_t>{0, 2, 3}) * class_weights).sum()
                              : entropy.sum();
        sum = sum.defined() ? sum + part : part;
    }
    return sum;
}

}  // namespace

Loss detection_loss(const RawMaps& maps, const at::Tensor& targets, const LossGains& gains,
                    const at::Tensor& class_weights) {
    check(maps, targets);
    const auto there = targets.to(maps[0].device(), at::kFloat);
    const auto batch = static_cast<double>(maps[0].size(0));
    auto cls = background_sum(maps, class_weights);
    auto box = at::zeros({}, cls.options()), dfl = at::zeros({}, cls.options());

    Assignment positives;
    if (there.size(0) > 0) positives = assign(maps, there);
    if (positives.weight.defined() && positives.weight.size(0) > 0) {
        const auto rows = rows_of(maps, positives);
        const auto& weight = positives.weight;
        const auto total_weight = weight.sum().clamp_min(1);
        const auto width = static_cast<double>(maps[0].size(3)) * level_strides[0];
        const auto height = static_cast<double>(maps[0].size(2)) * level_strides[0];
        const auto corners =
            detail::target_corners(there, width, height).index({positives.target}) / rows.stride;
        const auto log_probability =
            rows.logits.narrow(1, 0, box_channels).unflatten(1, {4, distance_bins}).log_softmax(2);
        box = box_sum(log_probability, rows, corners, weight) / total_weight;
        dfl = distribution_sum(log_probability, rows, corners, weight) / total_weight;
        // Against a target t: log(1 + e^x) − t·x; only positives have t > 0, for their box's class.
        const auto label = there.select(1, 1).to(at::kLong).index({positives.target}).unsqueeze(1);
        const auto logit = rows.logits.narrow(1, box_channels, rows.logits.size(1) - box_channels)
                               .gather(1, label)
                               .squeeze(1);
        const auto share = class_weights.defined()
                               ? weight * class_weights.index({label.squeeze(1)})
                               : weight;
        cls = (cls - (logit * share).sum()) / total_weight;
    }
    const auto items = at::stack({box * gains.box, cls * gains.cls, dfl * gains.dfl});
    return {items.sum() * batch, items.detach()};
}

}  // namespace yolotrain
