// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "yolotrain/eval/matching.hpp"

namespace yolotrain {

/// The twelve numbers of COCO's detection evaluation (Lin et al. 2014; cocodataset.org/#detection-eval), as
/// pycocotools computes them for boxes. Without a value where no ground truth falls under it, where pycocotools
/// says −1.
struct CocoMetrics {
    /// Mean over classes and IoU 0.50 … 0.95; at 0.50; at 0.75; of small, medium and large objects.
    std::optional<double> ap, ap50, ap75, ap_small, ap_medium, ap_large;
    /// Highest recall with 1, 10 and max_det detections a picture and class; then by size with max_det.
    std::optional<double> ar1, ar10, ar, ar_small, ar_medium, ar_large;
    /// By class: AP at each threshold, all sizes. Without a value for classes without ground truth.
    std::vector<std::optional<std::array<double, kIouThresholds>>> class_ap;
};

/// Collects the pictures of a split. No crowds. Not thread-safe.
class CocoAccumulator {
   public:
    /// max_det: detections a picture and class that count, 100 with COCO.
    explicit CocoAccumulator(std::int64_t nc, int max_det = 100);

    /// Both in pixels of the picture as it is stored: sizes (small below 32², medium below 96² px) are areas
    /// there. Detections in any order; those of equal confidence keep theirs, pictures that of adding.
    void add(std::span<const Detection> detections, std::span<const yolodata::PixelBox> targets);
    CocoMetrics compute() const;

   private:
    static constexpr std::size_t kSizes = 4;  ///< all, small, medium, large
    /// A detection, and what became of it for each range of sizes.
    struct Row {
        double confidence = 0;
        std::uint32_t rank = 0;  ///< among its picture's detections of this class
        std::array<TruePositives, kSizes> matched{}, ignored{};
    };
    struct Class {
        std::vector<Row> rows;
        std::array<std::int64_t, kSizes> targets{};
    };
    struct Curve {
        double ap = 0, recall = 0;
    };
    void add_class(std::size_t cls, std::vector<Detection> detections, std::vector<yolodata::PixelBox> targets);
    Curve curve(const std::vector<const Row*>& rows, std::size_t size, int threshold, std::int64_t targets) const;
    struct Means;
    Means means(std::size_t size, std::uint32_t max_det, CocoMetrics* by_class) const;

    std::uint32_t max_det_;
    std::vector<Class> classes_;
};

}  // namespace yolotrain
