// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// Named tensors and string metadata: what a weights file holds.
struct TensorFile {
    std::vector<NamedTensor> tensors;
    std::map<std::string, std::string> metadata;
};

/// safetensors. Reading checks everything before it allocates: header length against the file,
/// offsets against shapes, no hole, no overlap, no duplicate key. Throws yolodata::Error(corrupt |
/// not_found | io).
TensorFile read_safetensors(const std::string& path);
/// Atomic (temporary file, fsync, rename, fsync of the folder).
void write_safetensors(const std::string& path, const TensorFile& file);

/// Facts that travel with weights, in `metadata` under Ultralytics' names where it has them.
struct WeightsInfo {
    Scale scale = Scale::n;
    std::vector<std::string> names;  ///< class names
    int imgsz = 640;                 ///< training size, px
    std::string data_digest;  ///< "sha256:…" of the data it was trained on, empty = unknown
};

struct LoadedWeights {
    YoloV8 model;
    WeightsInfo info;
};

/// Tensors and facts of a weights file of any kind, told by its content: safetensors, a plain
/// state_dict saved by torch.save, or Ultralytics' checkpoint (its EMA where it has one). Tensors
/// keep their type; metadata has the keys of WeightsInfo. A .pt is read without running anything of
/// it (docs/weights.md). Throws yolodata::Error(not_found | io | corrupt | unsupported).
TensorFile read_weights(const std::string& path);

/// A model from a weights file of any kind. Refuses NaN and infinity by the tensor's name
/// (ErrorKind::corrupt), and files that are no YOLOv8 detection model, or not a whole one.
LoadedWeights load_weights(const std::string& path);
/// Float32 as given; refuses NaN and infinity likewise.
void save_weights(const std::string& path, const std::vector<NamedTensor>& state,
                  const WeightsInfo& info);

/// Throws Error(corrupt) that names the first tensor with NaN or infinity; `where` (a path) begins
/// the message.
void require_finite(const std::vector<NamedTensor>& tensors, const std::string& where);

/// Copies the tensors of equal name and shape into the model; "transferred a/b" is {a, b},
/// b the number of the model's tensors. Throws Error(corrupt) on NaN or infinity in what it would
/// copy; then nothing is changed. Keys may have the prefix "model.model." of Ultralytics' wrapper.
std::pair<int, int> transfer(const TensorFile& from, YoloV8& model);

/// The size of the YOLOv8 that weights belong to, whole or in part. Throws Error(corrupt) that
/// names the tensor that belongs to another architecture, and (unsupported) for another task than
/// detection; `where` (a path) begins the messages.
Scale scale_of(const TensorFile& weights, const std::string& where);

/// Starts a training from a weights file of any kind: transfer(), after the checks of scale_of()
/// and require_finite(). Weights of another size than the model's are refused. Where the number of
/// classes differs, the layers of the head that depend on it keep the model's initial values.
std::pair<int, int> transfer_from(const std::string& path, YoloV8& model);

}  // namespace yolotrain
