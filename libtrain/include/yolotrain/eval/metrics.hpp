// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "yolotrain/eval/matching.hpp"

namespace yolotrain {

/// What one detection adds to the metrics.
struct MetricRow {
    float confidence = 0;
    std::int32_t cls = 0;
    TruePositives tp = 0;
    std::uint64_t image =
        0;  ///< breaks ties of confidence, so that the order of adding does not matter
};

/// Points of the confidence axis of the curves: 0, 1/999 … 1.
inline constexpr int kCurvePoints = 1000;

/// Average precision and curves of one class.
struct ClassCurves {
    int cls = 0;
    std::int64_t targets = 0;
    std::array<double, kIouThresholds> ap{};
    double precision = 0, recall = 0, f1 = 0;  ///< at the confidence of the best mean F1
    /// Over kCurvePoints confidences, at IoU 0.5.
    std::vector<double> precision_curve, recall_curve, f1_curve;
    /// Precision over kCurvePoints recalls (the envelope behind ap50).
    std::vector<double> precision_at_recall;
    double ap50() const { return ap[0]; }
    double mean_ap() const;
};

/// Metrics of a split. Classes without ground truth do not count.
struct DetectionMetrics {
    std::vector<ClassCurves> classes;                      ///< those with ground truth, ascending
    double precision = 0, recall = 0, map50 = 0, map = 0;  ///< means over classes
    int best_f1_index = 0;                                 ///< on the confidence axis
};

/// AP of one class at one threshold from its precision–recall points (recall ascending): the
/// envelope of precision, linearly interpolated at 101 recalls, integrated by trapezoids. Recall
/// that is never reached earns nothing.
double average_precision(std::span<const double> recall, std::span<const double> precision);

/// Metrics of rows in the order given (best confidence first). targets[c]: ground truths of class
/// c.
DetectionMetrics compute_metrics(std::span<const MetricRow> rows,
                                 std::span<const std::int64_t> targets);

/// Collects the per-picture results of a validation; parts of one (other ranks, other threads)
/// merge.
class MetricsAccumulator {
 public:
    explicit MetricsAccumulator(std::int64_t nc);

    /// image: the picture's number in the split, each added once.
    void add(std::uint64_t image, std::span<const Detection> detections,
             std::span<const yolodata::PixelBox> targets);
    void merge(const MetricsAccumulator& other);

    /// The same whatever the order of add and merge.
    DetectionMetrics compute() const;

    std::int64_t images() const { return images_; }
    std::int64_t instances() const;
    const std::vector<std::int64_t>& class_images() const { return class_images_; }
    const std::vector<std::int64_t>& class_instances() const { return class_instances_; }
    const std::vector<MetricRow>& rows() const { return rows_; }

 private:
    std::int64_t images_ = 0;
    std::vector<std::int64_t> class_images_, class_instances_;
    std::vector<MetricRow> rows_;
};

}  // namespace yolotrain
