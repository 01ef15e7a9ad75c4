// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "yolotrain/model/yolov8.hpp"
#include "yolotrain/run/precision.hpp"

namespace yolotrain {

at::ScalarType scalar_type(Precision precision);

/// Compares raw maps and gradients of a few pictures (u8 [B, 3, H, W]) in `precision` with those in float32.
/// Empty if they agree as well as rounding lets them, else what does not. What is differentiated is smooth:
/// the loss is not, since its assignment of boxes jumps. The model is left as it was, but for what it
/// computes in.
std::string check_precision(YoloV8& model, Precision precision, const at::Tensor& images, at::Device device);

}  // namespace yolotrain
