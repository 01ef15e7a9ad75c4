// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// Where validation pictures come from: a shard set's split or the images of a data.yaml. Both give the
/// same pixels (long side resized to imgsz, INTER_LINEAR).
class EvalSource {
   public:
    virtual ~EvalSource() = default;
    virtual std::size_t size() const = 0;
    /// Size of picture i after its long side was resized to imgsz, without reading its pixels.
    virtual std::pair<int, int> resized_shape(std::size_t i) const = 0;  ///< width, height
    /// Picture i (long side = imgsz) with its boxes. Thread-safe.
    virtual yolodata::Sample load(std::size_t i) const = 0;
};

struct ValOptions {
    int imgsz = 640;
    int batch = 16;
    double conf = 0.001;
    double iou = 0.7;
    int max_det = 300;
    bool rect = true;
    bool with_loss = false;  ///< also the validation losses (with gains, mean over batches)
    int workers = 1;
};

struct ClassMetrics {
    int cls = 0;
    std::string name;
    std::int64_t images = 0, instances = 0;
    double precision = 0, recall = 0, map50 = 0, map = 0;
};

struct ValResult {
    std::int64_t images = 0, instances = 0;
    bool has_metrics = false;  ///< false: the split has no box, the metrics mean nothing
    double precision = 0, recall = 0, map50 = 0, map = 0;
    std::vector<ClassMetrics> classes;  ///< those with at least one ground truth, ascending
    double box_loss = 0, cls_loss = 0, dfl_loss = 0;
    struct Speed {
        double load = 0, preprocess = 0, inference = 0, postprocess = 0;  ///< ms an image
    } speed;
    double fitness() const { return map; }
};

/// Runs the model (set to evaluation, restored after) over the source. `progress(done, total)` after each
/// batch may throw to stop.
ValResult validate(YoloV8& model, const EvalSource& source, const std::vector<std::string>& names,
                   const ValOptions& options, const std::function<void(std::size_t, std::size_t)>& progress = {});

}  // namespace yolotrain
