// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "yolotrain/eval/coco.hpp"
#include "yolotrain/eval/confusion.hpp"
#include "yolotrain/eval/eval_source.hpp"
#include "yolotrain/eval/metrics.hpp"
#include "yolotrain/loss/detection_loss.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

struct ValOptions {
    int imgsz = 640;      ///< px, a multiple of 32
    int batch = 16;       ///< pictures a batch; with rect it also decides which share a shape
    double conf = 0.001;  ///< least confidence of a detection, 0…1
    double iou = 0.7;     ///< NMS drops what overlaps a better box by more, 0…1
    int max_det = 300;    ///< detections a picture
    bool rect = true;  ///< batches of like aspect ratio, padded no more than needed; false: square
    bool coco = false;       ///< also COCO's numbers, in pixels of the source pictures
    bool with_loss = false;  ///< also the validation losses (with gains, mean over batches)
    LossGains gains;         ///< of those losses
    int workers = 1;         ///< threads that load pictures ahead
};

struct ClassMetrics {
    int cls = 0;
    std::string name;
    std::int64_t images = 0, instances = 0;
    double precision = 0, recall = 0, map50 = 0, map = 0;
};

struct ValResult {
    std::int64_t images = 0, instances = 0;
    std::vector<std::string> unreadable;  ///< pictures that were left out, by name, sorted
    bool has_metrics = false;             ///< false: the split has no box, the metrics mean nothing
    double precision = 0, recall = 0, map50 = 0, map = 0;
    std::vector<ClassMetrics> classes;  ///< those with at least one ground truth, ascending
    double box_loss = 0, cls_loss = 0, dfl_loss = 0;  ///< with_loss only
    DetectionMetrics metrics;                         ///< the curves behind the numbers
    std::optional<ConfusionMatrix> confusion;
    std::optional<CocoMetrics> coco;                  ///< ValOptions::coco only
    struct Speed {
        double load = 0, preprocess = 0, inference = 0, postprocess = 0;  ///< ms a picture
    } speed;
    double fitness() const { return map; }
};

/// Evaluates the model, as it is (with running BN statistics, whatever its mode), over the source.
/// The result does not depend on `workers`. `progress(done, total)` after each batch may throw to
/// stop.
ValResult validate(const YoloV8& model, const EvalSource& source,
                   const std::vector<std::string>& names, const ValOptions& options,
                   const std::function<void(std::size_t, std::size_t)>& progress = {});

}  // namespace yolotrain
