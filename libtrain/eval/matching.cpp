// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/matching.hpp"

#include <algorithm>
#include <numeric>

#include "overlap.hpp"

namespace yolotrain {

namespace {

/// A target that a detection may take.
struct Choice {
    std::uint32_t target;
    float iou;
};

}  // namespace

const std::array<float, kIouThresholds>& iou_thresholds() {
    static const std::array<float, kIouThresholds> thresholds = [] {
        std::array<float, kIouThresholds> values{};
        for (int t = 0; t < kIouThresholds; ++t) {
            // As torch's float32 linspace: from both ends towards the middle.
            const float step = (0.95F - 0.5F) / static_cast<float>(kIouThresholds - 1);
            values[t] = t < kIouThresholds / 2
                            ? 0.5F + step * static_cast<float>(t)
                            : 0.95F - step * static_cast<float>(kIouThresholds - 1 - t);
        }
        return values;
    }();
    return thresholds;
}

std::vector<TruePositives> match_detections(std::span<const Detection> detections,
                                            std::span<const yolodata::PixelBox> targets) {
    std::vector<TruePositives> result(detections.size(), 0);
    std::vector<std::uint32_t> order(detections.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return detections[a].confidence > detections[b].confidence;
    });

    std::vector<TruePositives> claimed(targets.size(), 0);  // bit t: taken at threshold t
    std::vector<Choice> choices;
    for (const std::uint32_t d : order) {
        choices.clear();
        for (std::uint32_t g = 0; g < targets.size(); ++g) {
            if (targets[g].cls != detections[d].cls) continue;
            const float overlap = box_iou(targets[g], detections[d]);
            if (overlap >= iou_thresholds()[0]) choices.push_back({g, overlap});
        }
        std::stable_sort(choices.begin(), choices.end(),
                         [](const Choice& a, const Choice& b) { return a.iou > b.iou; });
        for (int t = 0; t < kIouThresholds; ++t) {
            const auto bit = static_cast<TruePositives>(1U << t);
            for (const Choice& choice : choices) {
                if (!(choice.iou >= iou_thresholds()[t])) break;
                if ((claimed[choice.target] & bit) != 0) continue;
                claimed[choice.target] |= bit;
                result[d] |= bit;
                break;
            }
        }
    }
    return result;
}

}  // namespace yolotrain
