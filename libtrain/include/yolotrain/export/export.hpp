// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "yolotrain/model/weights.hpp"

namespace yolotrain {

/// What an exported network looks like.
struct ExportOptions {
    int imgsz = 640;       ///< height and width of the input, px, a multiple of 32
    int batch = 1;         ///< pictures a call
    bool dynamic = false;  ///< any batch, height and width (multiples of 32) instead
    bool half = false;     ///< weights of 16 bits, and the network computes with them
    int opset = 17;        ///< ONNX only: 12 … 17
    bool nms = false;      ///< ONNX only, not with dynamic: boxes are already sorted out
    double conf = 0.25;    ///< of nms: least confidence
    double iou = 0.7;      ///< of nms: IoU over which the weaker box is dropped
    int max_det = 300;     ///< of nms: boxes a picture
};

/// The facts that travel with an export, as Ultralytics names them (names, stride, imgsz, task,
/// batch, channels, args …: Python literals), and `data_digest`, `weights_digest`, `scale`.
std::map<std::string, std::string> export_metadata(const WeightsInfo& info,
                                                   const ExportOptions& options,
                                                   const std::string& weights_digest);

/// Whether this build can write ONNX (libonnx and protobuf were there).
bool has_onnx();

/// Writes a model as ONNX: input `images` float32 [batch, 3, imgsz, imgsz], RGB 0 … 1; output
/// `output0` float32 [batch, 4 + nc, anchors] (cx, cy, w, h in px of the input, then
/// probabilities), or with nms [batch, max_det, 6] (x1, y1, x2, y2, confidence, class; zeros behind
/// the last box). Batch norms are folded. The graph is checked by libonnx, the file appears
/// complete or not at all. Throws yolodata::Error(unsupported) in a build without ONNX,
/// (invalid_argument) for options that do not fit, (io | resource).
void export_onnx(const std::string& path, const YoloV8& model, const ExportOptions& options,
                 const std::map<std::string, std::string>& metadata);

/// The same network as a TorchScript program (forward(images) → output0, any batch and size), with
/// the metadata as the extra file config.txt (JSON), where Ultralytics looks for it. Computes in
/// float32, or with half in 16 bits (which LibTorch before 2.2 can do on a GPU only). Throws as
/// above.
void export_torchscript(const std::string& path, const YoloV8& model, const ExportOptions& options,
                        const std::map<std::string, std::string>& metadata);

/// The state_dict as safetensors under Ultralytics' keys, not folded; with half floats have 16
/// bits.
void export_safetensors(const std::string& path, const YoloV8& model, const ExportOptions& options,
                        const std::map<std::string, std::string>& metadata);

}  // namespace yolotrain
