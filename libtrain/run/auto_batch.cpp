// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/auto_batch.hpp"

#include <ATen/ATen.h>

#include "precision_check.hpp"
#include "train_step.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/memory/tensor_memory.hpp"

namespace yolotrain {

namespace {

constexpr std::int64_t kBoxes = 100;  ///< a picture; a mosaic rarely has more, and the loss's memory grows with them

Batch crowded_batch(std::int64_t pictures, std::int64_t nc, int imgsz) {
    Batch batch;
    batch.images = at::zeros({pictures, 3, imgsz, imgsz}, at::kByte);
    batch.targets = at::full({pictures * kBoxes, 6}, 0.5F);
    batch.targets.select(1, 0).copy_(at::arange(pictures * kBoxes).div(kBoxes, "floor"));
    batch.targets.select(1, 1).copy_(at::arange(pictures * kBoxes).remainder(nc));
    return batch;
}

/// Most bytes in use during a step, beyond those before it.
std::uint64_t peak_of(YoloV8& model, std::int64_t pictures, const StepKind& kind) {
    const Batch batch = crowded_batch(pictures, kind.nc, kind.imgsz);
    reset_peak_tensor_memory();
    const std::size_t before = tensor_memory().in_use;
    (void)run_step(model, batch, {});
    return tensor_memory().peak_in_use - before;
}

}  // namespace

StepMemory measure_step(const StepKind& kind) {
    if (!has_tensor_arena()) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument, "a step's memory is measured in the tensor arena");
    }
    YoloV8 model(kind.scale, kind.nc);
    model.train(true);
    model.compute_in(scalar_type(kind.precision));
    const std::uint64_t two = peak_of(model, 2, kind), four = peak_of(model, 4, kind);
    release_free_tensor_memory();
    StepMemory memory;
    memory.per_picture = (four > two ? four - two : two) / 2;
    memory.fixed = two > 2 * memory.per_picture ? two - 2 * memory.per_picture : 0;
    // What stays between steps: weights, average, sum of gradients, two moments of the optimizer.
    for (const auto& parameter : model.parameters()) memory.fixed += 5 * parameter.tensor.nbytes();
    return memory;
}

int largest_batch(int most, const std::function<bool(int)>& fits) {
    int batch = 1;
    while (batch * 2 <= most && fits(batch * 2)) batch *= 2;
    return batch;
}

}  // namespace yolotrain
