// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/nms.hpp"

#include <algorithm>
#include <numeric>

namespace yolotrain {

namespace {

/// Shifts each class out of the others' reach, so that one pass serves all classes. Part of the
/// definition: the shift costs float32 digits of the coordinates.
constexpr float kClassOffset = 7680.0F;

/// Candidates as separate arrays.
struct Candidates {
    std::vector<float> score;
    std::vector<std::int32_t> cls, anchor;

    std::size_t size() const { return score.size(); }
    void add(float s, std::int64_t c, std::int64_t a) {
        score.push_back(s);
        cls.push_back(static_cast<std::int32_t>(c));
        anchor.push_back(static_cast<std::int32_t>(a));
    }
};

bool wanted(const std::vector<std::int32_t>& classes, std::int64_t cls) {
    return classes.empty() || std::find(classes.begin(), classes.end(), cls) != classes.end();
}

/// Scores over the threshold in order of anchor, then class.
Candidates collect(const float* scores, std::int64_t nc, std::int64_t anchors,
                   const NmsOptions& options) {
    // Class-major memory: find the anchors of interest with one sequential pass a class.
    std::vector<float> best(scores, scores + (nc > 0 ? anchors : 0));
    std::vector<std::int32_t> best_class(best.size(), 0);
    for (std::int64_t c = 1; c < nc; ++c) {
        const float* row = scores + c * anchors;
        for (std::int64_t a = 0; a < anchors; ++a) {
            if (row[a] > best[a]) {
                best[a] = row[a];
                best_class[a] = static_cast<std::int32_t>(c);
            }
        }
    }
    const bool multi_label = options.multi_label && nc > 1;
    Candidates found;
    for (std::int64_t a = 0; a < static_cast<std::int64_t>(best.size()); ++a) {
        if (!(best[a] > options.conf)) continue;
        if (!multi_label) {
            if (wanted(options.classes, best_class[a])) found.add(best[a], best_class[a], a);
            continue;
        }
        for (std::int64_t c = 0; c < nc; ++c) {
            const float score = scores[c * anchors + a];
            if (score > options.conf && wanted(options.classes, c)) found.add(score, c, a);
        }
    }
    return found;
}

/// Boxes already kept, with the class offset applied.
struct Kept {
    std::vector<float> x1, y1, x2, y2, area;

    void add(float ax1, float ay1, float ax2, float ay2, float a) {
        x1.push_back(ax1);
        y1.push_back(ay1);
        x2.push_back(ax2);
        y2.push_back(ay2);
        area.push_back(a);
    }

    bool suppress(float bx1, float by1, float bx2, float by2, float b_area, float limit) const {
        // Blocks without a branch inside, for the vectoriser.
        constexpr std::size_t block = 16;
        const std::size_t n = x1.size();
        for (std::size_t start = 0; start < n; start += block) {
            const std::size_t end = std::min(start + block, n);
            int hit = 0;
            for (std::size_t i = start; i < end; ++i) {
                const float w = std::max(0.0F, std::min(x2[i], bx2) - std::max(x1[i], bx1));
                const float h = std::max(0.0F, std::min(y2[i], by2) - std::max(y1[i], by1));
                const float inter = w * h;
                hit |= inter / (area[i] + b_area - inter) > limit ? 1 : 0;
            }
            if (hit != 0) return true;
        }
        return false;
    }
};

}  // namespace

std::vector<Detection> nms(const float* predictions, std::int64_t nc, std::int64_t anchors,
                           const NmsOptions& options) {
    const Candidates candidates = collect(predictions + 4 * anchors, nc, anchors, options);
    std::vector<std::uint32_t> order(candidates.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
        return candidates.score[a] > candidates.score[b];
    });
    if (order.size() > static_cast<std::size_t>(std::max(options.max_candidates, 0))) {
        order.resize(static_cast<std::size_t>(std::max(options.max_candidates, 0)));
    }

    Kept kept;
    std::vector<Detection> result;
    for (const std::uint32_t i : order) {
        if (static_cast<int>(result.size()) >= options.max_det) break;
        const std::int32_t a = candidates.anchor[i];
        const float half_w = predictions[2 * anchors + a] / 2;
        const float half_h = predictions[3 * anchors + a] / 2;
        Detection d;
        d.x1 = predictions[a] - half_w;
        d.y1 = predictions[anchors + a] - half_h;
        d.x2 = predictions[a] + half_w;
        d.y2 = predictions[anchors + a] + half_h;
        d.confidence = candidates.score[i];
        d.cls = candidates.cls[i];
        d.anchor = a;
        const float offset = options.agnostic ? 0.0F : static_cast<float>(d.cls) * kClassOffset;
        const float x1 = d.x1 + offset, y1 = d.y1 + offset, x2 = d.x2 + offset, y2 = d.y2 + offset;
        const float area = (x2 - x1) * (y2 - y1);
        if (kept.suppress(x1, y1, x2, y2, area, options.iou)) continue;
        kept.add(x1, y1, x2, y2, area);
        result.push_back(d);
    }
    return result;
}

}  // namespace yolotrain
