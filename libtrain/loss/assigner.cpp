// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/loss/assigner.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <tuple>

#include "boxes.hpp"

namespace yolotrain {

namespace {

constexpr std::int64_t top_k = 10;
constexpr double smallest_side = 16;  // px; the middle level's stride
constexpr double inside_by = 1e-9;    // px

/// A box and an anchor inside it that its prediction overlaps.
struct Pair {
    std::int64_t target = 0, image = 0, anchor = 0;
    float overlap = 0;  ///< CIoU, > 0
    float metric = 0;
    bool taken = false;
};

/// Predicted boxes of one level in pixels, corners: [B, h, w, 4].
at::Tensor predicted_corners(const at::Tensor& map, const at::Tensor& xs, const at::Tensor& ys,
                             double stride) {
    const auto batch = map.size(0), height = map.size(2), width = map.size(3);
    const auto logits =
        map.narrow(1, 0, box_channels).to(at::kFloat).unflatten(1, {4, distance_bins});
    const auto bins = at::arange(distance_bins, xs.options()).view({distance_bins, 1, 1});
    const auto distance = logits.softmax(2).mul_(bins).sum(2).mul_(stride);  // [B, 4, h, w]
    auto corners = at::empty({batch, height, width, 4}, xs.options());
    const auto x = xs.view({1, 1, width}), y = ys.view({1, height, 1});
    corners.select(3, 0).copy_(x - distance.select(1, 0));
    corners.select(3, 1).copy_(y - distance.select(1, 1));
    corners.select(3, 2).copy_(x + distance.select(1, 2));
    corners.select(3, 3).copy_(y + distance.select(1, 3));
    return corners;
}

/// For one axis: whether each of the centres lies inside each box's interval, [M, n].
at::Tensor inside(const at::Tensor& low, const at::Tensor& high, const at::Tensor& centres) {
    // Through centre and size, as the definition does, also where nothing is enlarged: it rounds.
    const auto middle = (low + high) / 2, half = (high - low).clamp_min(smallest_side) / 2;
    return at::minimum(centres - (middle - half).unsqueeze(1),
                       (middle + half).unsqueeze(1) - centres) > inside_by;
}

/// Adds the pairs of one level, box by box. Only what overlaps (CIoU > 0) can be taken by a box.
void add_pairs(const at::Tensor& map, double stride, std::int64_t first_anchor,
               const at::Tensor& targets, const at::Tensor& corners, std::vector<Pair>& pairs) {
    const auto height = map.size(2), width = map.size(3);
    const auto options = corners.options();
    const auto xs = (at::arange(width, options) + 0.5) * stride;
    const auto ys = (at::arange(height, options) + 0.5) * stride;
    const auto side = corners.unbind(1);
    const auto valid = (corners.sum(1) > 0).unsqueeze(1);
    const auto in_x = at::logical_and(inside(side[0], side[2], xs), valid);
    const auto in_y = inside(side[1], side[3], ys);
    const auto hits = at::logical_and(in_y.unsqueeze(2), in_x.unsqueeze(1)).nonzero().unbind(1);

    const auto &target = hits[0], &y = hits[1], &x = hits[2];
    const auto image = targets.select(1, 0).to(at::kLong).index({target});
    const auto cls = targets.select(1, 1).to(at::kLong).index({target});
    const auto score = map.index({image, cls + box_channels, y, x}).to(at::kFloat).sigmoid_();
    const auto predicted = predicted_corners(map, xs, ys, stride).index({image, y, x});
    const auto overlap = detail::complete_iou(corners.index({target}), predicted);
    const auto metric = score.sqrt_().mul_(overlap.pow(6));

    // From here on a few numbers a pair: plain loops on the CPU, whatever the device.
    const auto whole = at::stack({target, image, y * width + x + first_anchor}).cpu();
    const auto real = at::stack({overlap, metric}).cpu();
    const auto w = whole.accessor<std::int64_t, 2>();
    const auto r = real.accessor<float, 2>();
    for (std::int64_t i = 0; i < whole.size(1); ++i) {
        if (r[0][i] > 0) pairs.push_back({w[0][i], w[1][i], w[2][i], r[0][i], r[1][i], false});
    }
}

/// Marks the top_k pairs of each box by metric, equal ones by their anchor. Sorts the pairs by box.
void take_best(std::vector<Pair>& pairs) {
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
        return std::tie(a.target, b.metric, a.anchor) < std::tie(b.target, a.metric, b.anchor);
    });
    std::int64_t rank = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        rank = i > 0 && pairs[i].target == pairs[i - 1].target ? rank + 1 : 0;
        pairs[i].taken = rank < top_k && pairs[i].metric > 0;
    }
}

/// Leaves each anchor that several boxes took to the box with the largest overlap there; of equal
/// ones to the box that stands first.
void settle_contests(std::vector<Pair>& pairs, std::int64_t anchors, std::int64_t batch) {
    struct Place {
        std::int64_t claims = 0;
        const Pair* best = nullptr;
    };
    std::vector<Place> places(static_cast<std::size_t>(anchors * batch));
    auto place = [&](const Pair& pair) -> Place& {
        return places[static_cast<std::size_t>(pair.image * anchors + pair.anchor)];
    };
    for (const auto& pair : pairs) {
        auto& here = place(pair);
        here.claims += pair.taken;
        if (!here.best || pair.overlap > here.best->overlap) here.best = &pair;
    }
    for (auto& pair : pairs) {
        const auto& here = place(pair);
        if (here.claims > 1) pair.taken = here.best == &pair && pair.metric > 0;
    }
}

/// Turns metric into weight; pairs come box by box. Leaves those that are taken and weigh
/// something, by anchor.
void weigh(std::vector<Pair>& pairs) {
    for (std::size_t begin = 0, end = 0; begin < pairs.size(); begin = end) {
        float largest_overlap = 0, largest_metric = 0;
        for (end = begin; end < pairs.size() && pairs[end].target == pairs[begin].target; ++end) {
            if (!pairs[end].taken) continue;
            largest_overlap = std::max(largest_overlap, pairs[end].overlap);
            largest_metric = std::max(largest_metric, pairs[end].metric);
        }
        for (std::size_t i = begin; i < end; ++i) {
            auto& pair = pairs[i];
            pair.metric = pair.metric * largest_overlap / (largest_metric + 1e-9F);
            pair.taken = pair.taken && pair.metric > 0;
        }
    }
    std::erase_if(pairs, [](const Pair& pair) { return !pair.taken; });
    std::sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) {
        return std::tie(a.anchor, a.image) < std::tie(b.anchor, b.image);
    });
}

Assignment to_tensors(const std::vector<Pair>& pairs, at::Device device) {
    const auto count = static_cast<std::int64_t>(pairs.size());
    const auto whole = at::empty({3, count}, at::kLong);
    const auto weight = at::empty({count}, at::kFloat);
    auto w = whole.accessor<std::int64_t, 2>();
    auto r = weight.accessor<float, 1>();
    for (std::int64_t i = 0; i < count; ++i) {
        const auto& pair = pairs[static_cast<std::size_t>(i)];
        w[0][i] = pair.image;
        w[1][i] = pair.anchor;
        w[2][i] = pair.target;
        r[i] = pair.metric;
    }
    const auto there = whole.to(device);
    return {there[0], there[1], there[2], weight.to(device)};
}

}  // namespace

Assignment assign(const RawMaps& maps, const at::Tensor& targets) {
    at::NoGradGuard no_grad;
    const double height = static_cast<double>(maps[0].size(2)) * level_strides[0];
    const double width = static_cast<double>(maps[0].size(3)) * level_strides[0];
    const auto corners = detail::target_corners(targets, width, height);

    std::vector<Pair> pairs;
    std::int64_t anchors = 0;
    for (std::size_t l = 0; l < maps.size(); ++l) {
        add_pairs(maps[l], level_strides[l], anchors, targets, corners, pairs);
        anchors += maps[l].size(2) * maps[l].size(3);
    }
    take_best(pairs);
    settle_contests(pairs, anchors, maps[0].size(0));
    weigh(pairs);
    return to_tensors(pairs, targets.device());
}

}  // namespace yolotrain
