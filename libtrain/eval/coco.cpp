// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/coco.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

using yolodata::PixelBox;

constexpr int kRecallPoints = 101;

/// Areas that count as a size, both ends included.
struct AreaRange {
    double low, high;
    bool holds(double area) const { return area >= low && area <= high; }
};
constexpr std::array<AreaRange, 4> kAreas = {
    {{0, 1e10}, {0, 32.0 * 32}, {32.0 * 32, 96.0 * 96}, {96.0 * 96, 1e10}}};

/// 0.50 … 0.95 in double, as numpy spaces them for pycocotools.
double threshold_at(int t) {
    return t == kIouThresholds - 1 ? 0.95 : t * ((0.95 - 0.5) / (kIouThresholds - 1)) + 0.5;
}

template <typename Box>
double area(const Box& b) {
    return (static_cast<double>(b.x2) - b.x1) * (static_cast<double>(b.y2) - b.y1);
}

double overlap(const Detection& d, const PixelBox& g) {
    const double w = std::min<double>(d.x2, g.x2) - std::max<double>(d.x1, g.x1);
    const double h = std::min<double>(d.y2, g.y2) - std::max<double>(d.y1, g.y1);
    if (w <= 0 || h <= 0) return 0;
    return w * h / (area(d) + area(g) - w * h);
}

/// Of one picture and class: overlaps[d][g].
using Overlaps = std::vector<std::vector<double>>;

/// For each detection, best first, the free target that it overlaps most at this threshold, or none: −1. A
/// target of another size is taken only where no target of the right size can be; then it does not count.
std::vector<int> match(const Overlaps& overlaps, const std::vector<bool>& ignored, const std::vector<std::size_t>& order,
                       double threshold) {
    std::vector<int> result(overlaps.size(), -1);
    std::vector<bool> taken(ignored.size(), false);
    for (std::size_t d = 0; d < overlaps.size(); ++d) {
        double best = std::min(threshold, 1 - 1e-10);
        int chosen = -1;
        for (const std::size_t g : order) {
            if (taken[g]) continue;
            if (chosen >= 0 && !ignored[static_cast<std::size_t>(chosen)] && ignored[g]) break;
            if (overlaps[d][g] < best) continue;
            best = overlaps[d][g];
            chosen = static_cast<int>(g);
        }
        if (chosen < 0) continue;
        taken[static_cast<std::size_t>(chosen)] = true;
        result[d] = chosen;
    }
    return result;
}

}  // namespace

CocoAccumulator::CocoAccumulator(std::int64_t nc, int max_det)
    : max_det_(static_cast<std::uint32_t>(max_det)), classes_(static_cast<std::size_t>(nc)) {
    if (nc < 1 || max_det < 1) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument, "COCO's evaluation needs a class and a detection");
    }
}

void CocoAccumulator::add(std::span<const Detection> detections, std::span<const PixelBox> targets) {
    std::vector<std::vector<Detection>> found(classes_.size());
    std::vector<std::vector<PixelBox>> wanted(classes_.size());
    const auto known = [&](std::int32_t cls) { return cls >= 0 && static_cast<std::size_t>(cls) < classes_.size(); };
    for (const Detection& d : detections) {
        if (known(d.cls)) found[static_cast<std::size_t>(d.cls)].push_back(d);
    }
    for (const PixelBox& g : targets) {
        if (known(g.cls)) wanted[static_cast<std::size_t>(g.cls)].push_back(g);
    }
    for (std::size_t c = 0; c < classes_.size(); ++c) {
        if (!found[c].empty() || !wanted[c].empty()) add_class(c, std::move(found[c]), std::move(wanted[c]));
    }
}

void CocoAccumulator::add_class(std::size_t cls, std::vector<Detection> detections, std::vector<PixelBox> targets) {
    std::stable_sort(detections.begin(), detections.end(),
                     [](const Detection& a, const Detection& b) { return a.confidence > b.confidence; });
    if (detections.size() > max_det_) detections.resize(max_det_);
    Overlaps overlaps(detections.size(), std::vector<double>(targets.size()));
    for (std::size_t d = 0; d < detections.size(); ++d) {
        for (std::size_t g = 0; g < targets.size(); ++g) overlaps[d][g] = overlap(detections[d], targets[g]);
    }
    std::vector<Row> rows(detections.size());
    for (std::size_t d = 0; d < rows.size(); ++d) {
        rows[d].confidence = detections[d].confidence;
        rows[d].rank = static_cast<std::uint32_t>(d);
    }
    Class& out = classes_[cls];
    for (std::size_t s = 0; s < kSizes; ++s) {
        std::vector<bool> ignored;
        std::vector<std::size_t> order;  // targets of this size first
        for (const PixelBox& g : targets) ignored.push_back(!kAreas[s].holds(area(g)));
        for (const bool pass : {false, true}) {
            for (std::size_t g = 0; g < targets.size(); ++g) {
                if (ignored[g] == pass) order.push_back(g);
            }
        }
        out.targets[s] += std::count(ignored.begin(), ignored.end(), false);
        for (int t = 0; t < kIouThresholds; ++t) {
            const auto bit = static_cast<TruePositives>(1U << t);
            const std::vector<int> matches = match(overlaps, ignored, order, threshold_at(t));
            for (std::size_t d = 0; d < rows.size(); ++d) {
                const int g = matches[d];
                if (g >= 0) rows[d].matched[s] |= bit;
                const bool aside = g >= 0 ? ignored[static_cast<std::size_t>(g)] : !kAreas[s].holds(area(detections[d]));
                if (aside) rows[d].ignored[s] |= bit;
            }
        }
    }
    out.rows.insert(out.rows.end(), rows.begin(), rows.end());
}

/// rows: best first.
CocoAccumulator::Curve CocoAccumulator::curve(const std::vector<const Row*>& rows, std::size_t size, int threshold,
                                              std::int64_t targets) const {
    std::vector<double> recall, precision;
    double hits = 0, misses = 0;
    for (const Row* row : rows) {
        if (((row->ignored[size] >> threshold) & 1) != 0) {
            // It adds nothing; its point repeats the one before.
        } else if (((row->matched[size] >> threshold) & 1) != 0) {
            ++hits;
        } else {
            ++misses;
        }
        recall.push_back(hits / static_cast<double>(targets));
        precision.push_back(hits / (hits + misses + std::numeric_limits<double>::epsilon()));
    }
    Curve out;
    out.recall = recall.empty() ? 0 : recall.back();
    for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
    for (int point = 0; point < kRecallPoints; ++point) {
        const auto at = std::lower_bound(recall.begin(), recall.end(), point * 0.01);
        if (at == recall.end()) break;
        out.ap += precision[static_cast<std::size_t>(at - recall.begin())];
    }
    out.ap /= kRecallPoints;  // at the end: a perfect detector has 1, not a rounding more
    return out;
}

/// Over the classes that have ground truth.
struct CocoAccumulator::Means {
    std::array<double, kIouThresholds> ap{};
    double recall = 0;
    std::int64_t classes = 0;

    std::optional<double> mean_ap() const {
        double sum = 0;
        for (const double value : ap) sum += value;
        return classes > 0 ? std::optional(sum / kIouThresholds) : std::nullopt;
    }
    std::optional<double> ap_at(std::size_t threshold) const {
        return classes > 0 ? std::optional(ap[threshold]) : std::nullopt;
    }
    std::optional<double> mean_recall() const { return classes > 0 ? std::optional(recall) : std::nullopt; }
};

CocoAccumulator::Means CocoAccumulator::means(std::size_t size, std::uint32_t max_det, CocoMetrics* by_class) const {
    Means out;
    for (const Class& c : classes_) {
        if (by_class != nullptr) by_class->class_ap.emplace_back();
        if (c.targets[size] == 0) continue;
        std::vector<const Row*> rows;
        for (const Row& row : c.rows) {
            if (row.rank < max_det) rows.push_back(&row);
        }
        std::stable_sort(rows.begin(), rows.end(),
                         [](const Row* a, const Row* b) { return a->confidence > b->confidence; });
        std::array<double, kIouThresholds> ap{};
        double recall = 0;
        for (int t = 0; t < kIouThresholds; ++t) {
            const Curve points = curve(rows, size, t, c.targets[size]);
            ap[static_cast<std::size_t>(t)] = points.ap;
            out.ap[static_cast<std::size_t>(t)] += points.ap;
            recall += points.recall;
        }
        out.recall += recall / kIouThresholds;
        if (by_class != nullptr) by_class->class_ap.back() = ap;
        ++out.classes;
    }
    const auto n = static_cast<double>(std::max<std::int64_t>(out.classes, 1));
    for (double& value : out.ap) value /= n;
    out.recall /= n;
    return out;
}

CocoMetrics CocoAccumulator::compute() const {
    CocoMetrics m;
    const Means all = means(0, max_det_, &m), small = means(1, max_det_, nullptr), medium = means(2, max_det_, nullptr),
                large = means(3, max_det_, nullptr);
    m.ap = all.mean_ap();
    m.ap50 = all.ap_at(0);
    m.ap75 = all.ap_at(5);
    m.ap_small = small.mean_ap();
    m.ap_medium = medium.mean_ap();
    m.ap_large = large.mean_ap();
    m.ar1 = means(0, 1, nullptr).mean_recall();
    m.ar10 = means(0, 10, nullptr).mean_recall();
    m.ar = all.mean_recall();
    m.ar_small = small.mean_recall();
    m.ar_medium = medium.mean_recall();
    m.ar_large = large.mean_recall();
    return m;
}

}  // namespace yolotrain
