// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "yolodata/augment/resize.hpp"
#include "yolodata/image/picture.hpp"
#include "yolotrain/eval/detections.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

struct PredictOptions {
    int imgsz = 640;     ///< the picture's long side becomes this, px; a multiple of 32
    double conf = 0.25;  ///< least confidence, 0…1
    double iou = 0.7;    ///< NMS drops what overlaps a better box by more, 0…1
    int max_det = 300;   ///< boxes a picture
    std::vector<std::int32_t> classes;  ///< only these, empty = all
};

/// A picture as the network takes it, and the way back to its own pixels.
struct NetworkInput {
    int width = 0, height = 0;                ///< of the network's input, px
    std::vector<std::uint8_t> rgb;            ///< [height, width, 3]
    int source_width = 0, source_height = 0;  ///< px
    yolodata::Letterbox where;
};

/// Fits a picture into imgsz × imgsz (enlarging it if it is small) and pads it, grey 114 and
/// centred, to the next multiples of 32 only. Thread-safe.
NetworkInput prepare(const yolodata::Picture& picture, int imgsz);

/// Finds objects in single pictures.
class Predictor {
 public:
    /// The model must outlive the predictor. Throws yolodata::Error(invalid_argument) for options out of range.
    Predictor(const YoloV8& model, const PredictOptions& options);
    Predictor(YoloV8&& model, const PredictOptions& options) = delete;

    /// Boxes in pixels of the source picture, clipped to it, most confident first.
    std::vector<Detection> predict(const NetworkInput& input) const;

 private:
    const YoloV8& model_;
    PredictOptions options_;
};

}  // namespace yolotrain
