// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/confusion.hpp"

#include <algorithm>

#include "overlap.hpp"

namespace yolotrain {

ConfusionMatrix::ConfusionMatrix(std::int64_t nc, double conf, double iou)
    : nc_(nc),
      conf_(static_cast<float>(conf)),
      iou_(static_cast<float>(iou)),
      counts_(static_cast<std::size_t>((nc + 1) * (nc + 1)), 0) {}

std::int64_t ConfusionMatrix::count(std::int64_t found, std::int64_t truth) const {
    return counts_[static_cast<std::size_t>(found * (nc_ + 1) + truth)];
}

void ConfusionMatrix::add(std::span<const Detection> detections, std::span<const yolodata::PixelBox> targets) {
    std::vector<std::size_t> order;  // those that count, best first
    for (std::size_t d = 0; d < detections.size(); ++d) {
        if (detections[d].confidence > conf_) order.push_back(d);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return detections[a].confidence > detections[b].confidence;
    });
    std::vector<bool> found(targets.size(), false);
    const auto note = [this](std::int64_t as, std::int64_t truth) {
        ++counts_[static_cast<std::size_t>(as * (nc_ + 1) + truth)];
    };
    for (const std::size_t d : order) {
        float best = iou_;
        std::size_t chosen = targets.size();
        for (std::size_t g = 0; g < targets.size(); ++g) {
            const float overlap = found[g] ? 0 : box_iou(targets[g], detections[d]);
            if (overlap <= best) continue;
            best = overlap;
            chosen = g;
        }
        const bool free = chosen == targets.size();
        note(detections[d].cls, free ? nc_ : targets[chosen].cls);
        if (!free) found[chosen] = true;
    }
    for (std::size_t g = 0; g < targets.size(); ++g) {
        if (!found[g]) note(nc_, targets[g].cls);
    }
}

}  // namespace yolotrain
