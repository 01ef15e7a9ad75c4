// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

constexpr double kEpsilon = 1e-16;  // keeps empty classes from dividing by zero

/// y(x) by linear interpolation between the points (xs, ys); xs ascending, of equal ones the last
/// counts. Beyond the ends: `before` on the left, the last y on the right.
double interpolate(double x, std::span<const double> xs, std::span<const double> ys,
                   double before) {
    const auto next = std::upper_bound(xs.begin(), xs.end(), x);
    if (next == xs.begin()) return before;
    const auto i = static_cast<std::size_t>(next - xs.begin()) - 1;
    if (next == xs.end() || xs[i] == x) return ys[i];
    return (ys[i + 1] - ys[i]) / (xs[i + 1] - xs[i]) * (x - xs[i]) + ys[i];
}

/// Precision as a function of recall: the best at this recall or beyond.
class Envelope {
 public:
    Envelope(std::span<const double> recall, std::span<const double> precision) {
        // Sentinels: recall 0 at precision 1; nothing beyond the last recall reached.
        r_.insert(r_.end(), recall.begin(), recall.end());
        p_.insert(p_.end(), precision.begin(), precision.end());
        r_.push_back(recall.empty() ? 1.0 : recall.back());
        r_.push_back(1.0);
        p_.insert(p_.end(), {0.0, 0.0});
        for (std::size_t i = p_.size() - 1; i > 0; --i) p_[i - 1] = std::max(p_[i - 1], p_[i]);
    }
    double at(double recall) const { return interpolate(recall, r_, p_, 1.0); }
    /// By trapezoids over 101 points.
    double area() const {
        constexpr int points = 101;
        double area = 0, previous = 0;
        for (int i = 0; i < points; ++i) {
            const double y = at(static_cast<double>(i) / (points - 1));
            if (i > 0) area += (previous + y) / 2 / (points - 1);
            previous = y;
        }
        return area;
    }

 private:
    std::vector<double> r_{0.0}, p_{1.0};
};

double curve_point(int i) {
    return static_cast<double>(i) / (kCurvePoints - 1);
}

/// The detections of one class, best first, and what follows from them.
struct ClassRows {
    std::vector<double> negated_confidence;  // ascending, as interpolation wants it
    std::vector<TruePositives> tp;
};

/// Recall and precision after each detection at one threshold.
void precision_recall(const ClassRows& rows, int threshold, std::int64_t targets,
                      std::vector<double>& recall, std::vector<double>& precision) {
    recall.resize(rows.tp.size());
    precision.resize(rows.tp.size());
    std::int64_t hits = 0;
    for (std::size_t i = 0; i < rows.tp.size(); ++i) {
        hits += (rows.tp[i] >> threshold) & 1;
        recall[i] = static_cast<double>(hits) / (static_cast<double>(targets) + kEpsilon);
        precision[i] = static_cast<double>(hits) / static_cast<double>(i + 1);
    }
}

ClassCurves class_curves(int cls, std::int64_t targets, const ClassRows& rows) {
    ClassCurves curves;
    curves.cls = cls;
    curves.targets = targets;
    curves.precision_curve.assign(kCurvePoints, 0.0);
    curves.recall_curve.assign(kCurvePoints, 0.0);
    curves.f1_curve.assign(kCurvePoints, 0.0);
    curves.precision_at_recall.assign(kCurvePoints, 0.0);
    if (rows.tp.empty()) return curves;

    std::vector<double> recall, precision;
    for (int t = 0; t < kIouThresholds; ++t) {
        precision_recall(rows, t, targets, recall, precision);
        const Envelope envelope(recall, precision);
        curves.ap[t] = envelope.area();
        if (t > 0) continue;
        for (int i = 0; i < kCurvePoints; ++i) {
            curves.precision_at_recall[i] = envelope.at(curve_point(i));
            const double x = -curve_point(i);
            const double p = interpolate(x, rows.negated_confidence, precision, 1.0);
            const double r = interpolate(x, rows.negated_confidence, recall, 0.0);
            curves.precision_curve[i] = p;
            curves.recall_curve[i] = r;
            curves.f1_curve[i] = 2 * p * r / (p + r + kEpsilon);
        }
    }
    return curves;
}

/// Where the mean F1, smoothed by a moving average over a tenth of the axis, is highest (the first
/// such).
int best_f1_index(const std::vector<ClassCurves>& classes) {
    std::vector<double> mean(kCurvePoints, 0.0);
    for (const ClassCurves& c : classes) {
        for (int i = 0; i < kCurvePoints; ++i) mean[i] += c.f1_curve[i];
    }
    constexpr int width = (kCurvePoints / 10 * 2) / 2 + 1;  // 101, odd
    constexpr int half = width / 2;
    int best = 0;
    double highest = -1;
    for (int i = 0; i < kCurvePoints; ++i) {
        double sum = 0;  // beyond the ends, the end's value
        for (int k = -half; k <= half; ++k) sum += mean[std::clamp(i + k, 0, kCurvePoints - 1)];
        const double value = sum / width / static_cast<double>(classes.size());
        if (value > highest) {
            highest = value;
            best = i;
        }
    }
    return best;
}

}  // namespace

double ClassCurves::mean_ap() const {
    return std::accumulate(ap.begin(), ap.end(), 0.0) / kIouThresholds;
}

double average_precision(std::span<const double> recall, std::span<const double> precision) {
    return Envelope(recall, precision).area();
}

DetectionMetrics compute_metrics(std::span<const MetricRow> rows,
                                 std::span<const std::int64_t> targets) {
    std::vector<ClassRows> by_class(targets.size());
    for (const MetricRow& row : rows) {
        if (row.cls < 0 || static_cast<std::size_t>(row.cls) >= by_class.size()) continue;
        by_class[row.cls].negated_confidence.push_back(-static_cast<double>(row.confidence));
        by_class[row.cls].tp.push_back(row.tp);
    }
    DetectionMetrics metrics;
    for (std::size_t c = 0; c < targets.size(); ++c) {
        if (targets[c] == 0) continue;
        metrics.classes.push_back(class_curves(static_cast<int>(c), targets[c], by_class[c]));
    }
    if (metrics.classes.empty()) return metrics;

    metrics.best_f1_index = best_f1_index(metrics.classes);
    const auto n = static_cast<double>(metrics.classes.size());
    for (ClassCurves& c : metrics.classes) {
        c.precision = c.precision_curve[metrics.best_f1_index];
        c.recall = c.recall_curve[metrics.best_f1_index];
        c.f1 = c.f1_curve[metrics.best_f1_index];
        metrics.precision += c.precision / n;
        metrics.recall += c.recall / n;
        metrics.map50 += c.ap50() / n;
        metrics.map += c.mean_ap() / n;
    }
    return metrics;
}

MetricsAccumulator::MetricsAccumulator(std::int64_t nc)
    : class_images_(static_cast<std::size_t>(nc), 0),
      class_instances_(static_cast<std::size_t>(nc), 0) {}

void MetricsAccumulator::add(std::uint64_t image, std::span<const Detection> detections,
                             std::span<const yolodata::PixelBox> targets) {
    std::vector<bool> seen(class_instances_.size(), false);
    for (const yolodata::PixelBox& box : targets) {
        if (box.cls < 0 || static_cast<std::size_t>(box.cls) >= seen.size()) {
            throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                                  "a label has class " + std::to_string(box.cls) +
                                      ", the model knows only 0 to " +
                                      std::to_string(static_cast<std::int64_t>(seen.size()) - 1));
        }
        ++class_instances_[box.cls];
        if (!seen[box.cls]) ++class_images_[box.cls];
        seen[box.cls] = true;
    }
    const std::vector<TruePositives> tp = match_detections(detections, targets);
    for (std::size_t i = 0; i < detections.size(); ++i) {
        rows_.push_back({detections[i].confidence, detections[i].cls, tp[i], image});
    }
    ++images_;
}

void MetricsAccumulator::merge(const MetricsAccumulator& other) {
    if (other.class_instances_.size() != class_instances_.size()) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "metrics of different numbers of classes cannot be merged");
    }
    images_ += other.images_;
    for (std::size_t c = 0; c < class_instances_.size(); ++c) {
        class_images_[c] += other.class_images_[c];
        class_instances_[c] += other.class_instances_[c];
    }
    rows_.insert(rows_.end(), other.rows_.begin(), other.rows_.end());
}

DetectionMetrics MetricsAccumulator::compute() const {
    // Rows of one picture stand together in the order of its detections, so a stable sort by
    // confidence, then picture, is a total order.
    std::vector<MetricRow> sorted = rows_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const MetricRow& a, const MetricRow& b) {
        return a.confidence != b.confidence ? a.confidence > b.confidence : a.image < b.image;
    });
    return compute_metrics(sorted, class_instances_);
}

std::int64_t MetricsAccumulator::instances() const {
    return std::accumulate(class_instances_.begin(), class_instances_.end(), std::int64_t{0});
}

}  // namespace yolotrain
