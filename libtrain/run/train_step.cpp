// SPDX-License-Identifier: Apache-2.0
#include "train_step.hpp"

#include <ATen/ATen.h>
#include <c10/util/irange.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace yolotrain {

namespace {

bool is_statistic(const std::string& name) {
    return name.ends_with(".running_mean") || name.ends_with(".running_var") || name.ends_with(".num_batches_tracked");
}

/// One number that is finite only if every element of every tensor is. An overflow of the sum itself means
/// gradients beyond 1e18, which no step can use either.
bool all_finite(const std::vector<at::Tensor>& tensors) {
    std::vector<at::Tensor> norms;
    for (const at::Tensor& tensor : tensors) {
        if (tensor.defined()) norms.push_back(tensor.norm());
    }
    return norms.empty() || std::isfinite(at::stack(norms).sum().item<double>());
}

/// Targets are normalised: they need no scaling.
at::Tensor scaled(const at::Tensor& images, std::int64_t side) {
    const std::int64_t is = std::max(images.size(2), images.size(3));
    if (side == 0 || side == is) return images;
    const auto to = [&](std::int64_t length) { return (length * side + is * 32 - 1) / (is * 32) * 32; };
    return at::upsample_bilinear2d(images, {to(images.size(2)), to(images.size(3))}, /*align_corners=*/false);
}

}  // namespace

StatisticsGuard::StatisticsGuard(const YoloV8& model) {
    for (const auto& [name, tensor] : model.state()) {
        if (!is_statistic(name)) continue;
        live_.push_back(tensor);
        saved_.push_back(tensor.clone());
    }
}

StatisticsGuard::~StatisticsGuard() {
    if (kept_) return;
    for (const std::size_t i : c10::irange(live_.size())) live_[i].copy_(saved_[i]);
}

bool StatisticsGuard::are_finite() const {
    std::vector<at::Tensor> floats;
    for (const at::Tensor& tensor : live_) {
        if (tensor.is_floating_point()) floats.push_back(tensor);
    }
    return floats.empty() || at::isfinite(at::cat(floats)).all().item<bool>();
}

StepResult run_step(YoloV8& model, const Batch& batch, const StepOptions& options) {
    StepResult result;
    StatisticsGuard statistics(model);
    const at::Tensor images = scaled(batch.images.to(options.device).to(at::kFloat).div_(255), options.side);
    const Loss loss = detection_loss(model.forward(images), batch.targets.to(options.device), options.gains,
                                     options.class_weights);
    const at::Tensor items = loss.items.to(at::kCPU, at::kDouble).contiguous();
    for (const std::size_t i : c10::irange(result.items.size())) result.items[i] = items.data_ptr<double>()[i];
    if (!std::isfinite(result.items[0] + result.items[1] + result.items[2])) {
        result.fault = "the loss is not finite";
        return result;
    }
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : model.parameters()) parameters.push_back(tensor);
    result.gradients = torch::autograd::grad({loss.total * options.loss_scale}, parameters, {}, false, false, true);
    if (options.loss_scale != 1) {
        for (at::Tensor& gradient : result.gradients) {
            if (gradient.defined()) gradient.div_(options.loss_scale);
        }
    }
    if (!all_finite(result.gradients)) {
        result.fault = "a gradient is not finite";
    } else if (!statistics.are_finite()) {
        result.fault = "a running statistic of a batch norm is not finite";
    } else {
        statistics.keep();
    }
    return result;
}

void commit(TrainState& state, StepResult&& result) {
    const auto& parameters = state.model.parameters();
    for (const std::size_t i : c10::irange(parameters.size())) {
        at::Tensor& gradient = result.gradients[i];
        if (!gradient.defined()) continue;
        at::Tensor& sum = parameters[i].tensor.mutable_grad();
        // Contiguous, as a restored one is: the same numbers must be summed in the same order.
        if (sum.defined()) {
            sum.add_(gradient);
        } else {
            sum = gradient.contiguous();
        }
    }
    Counters& counters = state.counters;
    ++counters.accumulated;
    for (const std::size_t i : c10::irange(result.items.size())) counters.loss_sum[i] += result.items[i];
    ++counters.loss_steps;
    counters.skipped_in_a_row = 0;
}

bool optimizer_step(TrainState& state) {
    const bool finite = std::isfinite(clip_gradients(state.model.parameters()));
    if (finite) {
        state.optimizer->step();
        state.ema.update(state.model.state());
    }
    state.optimizer->zero_grad();
    state.counters.accumulated = 0;
    return finite;
}

}  // namespace yolotrain
