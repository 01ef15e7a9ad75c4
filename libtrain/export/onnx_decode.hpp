// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "onnx_graph.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain::detail {

/// Raw maps as float32 [batch, 4 + nc, anchors], by the formula of decode() (yolov8.hpp).
Emitter::Value emit_decode(OnnxGraph& graph, const std::array<Emitter::Value, 3>& maps,
                           std::int64_t nc, const ExportOptions& options);

/// Predictions as [batch, max_det, 6]: of each anchor its best class, then NMS within classes.
Emitter::Value emit_nms(OnnxGraph& graph, const Emitter::Value& predictions, std::int64_t nc,
                        const ExportOptions& options);

}  // namespace yolotrain::detail
