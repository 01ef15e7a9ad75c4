// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/confusion.hpp"

#include <algorithm>

#include "overlap.hpp"

namespace yolotrain {

namespace {

struct Pair {
    std::size_t detection, target;
    float iou;
};

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::int64_t nc, double conf, double iou)
    : nc_(nc),
      conf_(static_cast<float>(conf)),
      iou_(static_cast<float>(iou)),
      counts_(static_cast<std::size_t>((nc + 1) * (nc + 1)), 0) {}

std::int64_t ConfusionMatrix::count(std::int64_t found, std::int64_t truth) const {
    return counts_[static_cast<std::size_t>(found * (nc_ + 1) + truth)];
}

void ConfusionMatrix::add(std::span<const Detection> detections, std::span<const yolodata::PixelBox> targets) {
    std::vector<Pair> pairs;
    for (std::size_t d = 0; d < detections.size(); ++d) {
        if (!(detections[d].confidence > conf_)) continue;
        for (std::size_t g = 0; g < targets.size(); ++g) {
            const float overlap = box_iou(targets[g], detections[d]);
            if (overlap > iou_) pairs.push_back({d, g, overlap});
        }
    }
    std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.iou > b.iou; });
    std::vector<bool> used(detections.size(), false), found(targets.size(), false);
    const auto note = [this](std::int64_t as, std::int64_t truth) {
        ++counts_[static_cast<std::size_t>(as * (nc_ + 1) + truth)];
    };
    for (const Pair& pair : pairs) {
        if (used[pair.detection] || found[pair.target]) continue;
        used[pair.detection] = found[pair.target] = true;
        note(detections[pair.detection].cls, targets[pair.target].cls);
    }
    for (std::size_t g = 0; g < targets.size(); ++g) {
        if (!found[g]) note(nc_, targets[g].cls);
    }
    for (std::size_t d = 0; d < detections.size(); ++d) {
        if (detections[d].confidence > conf_ && !used[d]) note(detections[d].cls, nc_);
    }
}

}  // namespace yolotrain
