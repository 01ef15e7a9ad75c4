// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "yolotrain/model/yolov8.hpp"
#include "yolotrain/run/precision.hpp"

namespace yolotrain {

/// Memory of a training step on the CPU, as far as tensors need it: fixed + per_picture · batch, bytes.
struct StepMemory {
    std::uint64_t fixed = 0, per_picture = 0;
    std::uint64_t of(int batch) const { return fixed + per_picture * static_cast<std::uint64_t>(batch); }
};

/// What a step is measured for.
struct StepKind {
    Scale scale = Scale::n;
    std::int64_t nc = 1;
    int imgsz = 640;
    Precision precision = Precision::float32;
};

/// Runs steps of two and of four pictures full of boxes and looks at the arena (use_tensor_arena(), without
/// which this throws Error(invalid_argument)). Takes about as long as a step of six pictures.
StepMemory measure_step(const StepKind& kind);

/// The largest power of two, at most `most`, for which fits(batch) holds; 1 if none does. Asks upwards from 1.
int largest_batch(int most, const std::function<bool(int)>& fits);

}  // namespace yolotrain
