// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolotrain/eval/detections.hpp"

namespace yolotrain {

/// Which classes are taken for which: detections above `conf`, the most confident first, take the free target
/// that they overlap most, above `iou`, whatever its class (as Ultralytics 8.4.190 does). Not thread-safe.
class ConfusionMatrix {
   public:
    explicit ConfusionMatrix(std::int64_t nc, double conf = 0.25, double iou = 0.45);

    void add(std::span<const Detection> detections, std::span<const yolodata::PixelBox> targets);
    /// How often a target of class `truth` was found as class `found`. nc stands for the background: a
    /// detection where nothing is, a target that nothing found.
    std::int64_t count(std::int64_t found, std::int64_t truth) const;
    std::int64_t classes() const { return nc_; }

   private:
    std::int64_t nc_;
    float conf_, iou_;
    std::vector<std::int64_t> counts_;  ///< [nc + 1][nc + 1], rows: found
};

}  // namespace yolotrain
