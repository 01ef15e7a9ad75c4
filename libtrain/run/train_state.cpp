// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/train_state.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "precision_check.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {

using yolodata::Error;
using yolodata::ErrorKind;

namespace {

constexpr const char* kModel = "model/";
constexpr const char* kAverage = "average/";
constexpr const char* kOptimizer = "optimizer/";
constexpr const char* kGradient = "gradient/";

void append(std::vector<NamedTensor>& out, const char* prefix, const std::string& name, const at::Tensor& tensor) {
    out.push_back({prefix + name, tensor.detach().to(at::kCPU)});
}

std::unordered_map<std::string, at::Tensor> by_name(const StateImage& image) {
    std::unordered_map<std::string, at::Tensor> tensors;
    for (const auto& [name, tensor] : image.tensors) tensors.emplace(name, tensor);
    return tensors;
}

using TensorsByName = std::unordered_map<std::string, at::Tensor>;

void copy_into(const std::vector<NamedTensor>& to, const char* prefix, const TensorsByName& from) {
    for (const auto& [name, tensor] : to) {
        const auto found = from.find(prefix + name);
        if (found == from.end() || found->second.sizes() != tensor.sizes()) {
            throw Error(ErrorKind::corrupt, fmt::format("the checkpoint's tensor {}{} is missing or of another shape",
                                                        prefix, name));
        }
        tensor.detach().copy_(found->second);
    }
}

void restore_gradients(const std::vector<NamedTensor>& parameters, const TensorsByName& from) {
    for (const auto& [name, tensor] : parameters) {
        const auto found = from.find(kGradient + name);
        if (found == from.end()) {
            tensor.mutable_grad() = at::Tensor();
            continue;
        }
        if (found->second.sizes() != tensor.sizes()) {
            throw Error(ErrorKind::corrupt, fmt::format("the checkpoint's gradient of {} has another shape", name));
        }
        tensor.mutable_grad() = found->second.to(tensor.device(), tensor.scalar_type(), false, true).contiguous();
    }
}

void restore_optimizer(Optimizer& optimizer, const StateImage& image) {
    const std::string prefix = kOptimizer;
    std::vector<NamedTensor> state;
    for (const auto& [name, tensor] : image.tensors) {
        if (name.starts_with(prefix)) state.push_back({name.substr(prefix.size()), tensor});
    }
    optimizer.restore(state);
}

}  // namespace

TrainState fresh_state(YoloV8 model, OptimizerKind optimizer, double weight_decay, const std::string& device) {
    model.to(at::Device(device));
    model.train(true);
    YoloV8 average = model.clone();
    Ema ema(average.state());
    auto stepper = make_optimizer(optimizer, parameter_groups(model.parameters(), weight_decay, optimizer));
    return {std::move(model), std::move(average), std::move(ema), std::move(stepper), {}, {},
            std::make_shared<Quarantine>()};
}

void compute_in(TrainState& state, Precision precision) {
    state.precision = precision;
    state.loss_scale = LossScale::of(precision);
    state.model.compute_in(scalar_type(precision));
}

StateImage capture(const TrainState& state) {
    StateImage image;
    image.counters = state.counters;
    image.rows = state.rows;
    image.quarantine = state.quarantine->list();
    image.ema_updates = state.ema.updates();
    image.optimizer = state.optimizer->kind();
    image.precision = state.precision;
    image.loss_scale = state.loss_scale;
    image.scale = state.model.scale();
    for (const auto& [name, tensor] : state.model.state()) append(image.tensors, kModel, name, tensor);
    for (const auto& [name, tensor] : state.average.state()) append(image.tensors, kAverage, name, tensor);
    for (const auto& [name, tensor] : state.optimizer->state()) append(image.tensors, kOptimizer, name, tensor);
    if (state.counters.accumulated > 0) {
        for (const auto& [name, tensor] : state.model.parameters()) {
            if (tensor.grad().defined()) append(image.tensors, kGradient, name, tensor.grad());
        }
    }
    return image;
}

void restore(TrainState& state, const StateImage& image) {
    if (image.optimizer != state.optimizer->kind()) {
        throw Error(ErrorKind::corrupt, "the checkpoint is of another optimizer");
    }
    const TensorsByName tensors = by_name(image);
    copy_into(state.model.state(), kModel, tensors);
    copy_into(state.average.state(), kAverage, tensors);
    restore_gradients(state.model.parameters(), tensors);
    restore_optimizer(*state.optimizer, image);
    state.ema.set_updates(image.ema_updates);
    compute_in(state, image.precision);
    state.loss_scale = image.loss_scale;
    state.counters = image.counters;
    state.rows = image.rows;
    for (const BadRecord& bad : image.quarantine) state.quarantine->add(bad);
}

std::string first_non_finite(const std::vector<NamedTensor>& tensors) {
    for (const auto& [name, tensor] : tensors) {
        if (tensor.is_floating_point() && !at::isfinite(tensor.detach()).all().item<bool>()) return name;
    }
    return {};
}

}  // namespace yolotrain
