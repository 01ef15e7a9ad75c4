// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <unordered_map>

#include "yolotrain/model/weights.hpp"

namespace yolotrain::detail {

using TensorsByName = std::unordered_map<std::string, at::Tensor>;

/// Keys as the model names them. A state_dict taken from Ultralytics' wrapper has "model." once
/// more.
TensorsByName index_by_key(const TensorFile& file);

/// The size that the channels of the first convolution tell.
std::optional<Scale> scale_of_stem(const TensorsByName& tensors);

/// Throws Error(unsupported) where metadata names another task than detection.
void require_detection(const TensorFile& file, const std::string& where);

/// " (it says yolo11n.yaml)" where metadata names an architecture, for messages.
std::string told_architecture(const TensorFile& file);

}  // namespace yolotrain::detail
