// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/optim/optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "slots.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {

std::string_view to_string(OptimizerKind kind) {
    switch (kind) {
        case OptimizerKind::adamw:
            return "AdamW";
        case OptimizerKind::musgd:
            return "MuSGD";
        case OptimizerKind::sgd:
            break;
    }
    return "SGD";
}

std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, std::vector<ParameterGroup> groups) {
    switch (kind) {
        case OptimizerKind::adamw:
            return detail::make_adamw(std::move(groups));
        case OptimizerKind::musgd:
            return detail::make_musgd(std::move(groups));
        case OptimizerKind::sgd:
            break;
    }
    return detail::make_sgd(std::move(groups));
}

void Optimizer::restore(const std::vector<NamedTensor>& saved) {
    at::NoGradGuard no_grad;
    std::unordered_map<std::string, at::Tensor> by_name;
    for (const auto& entry : saved) by_name[entry.name] = entry.tensor;
    const auto own = state();
    auto refuse = [](const std::string& what) {
        throw yolodata::Error(yolodata::ErrorKind::corrupt, "optimizer state: " + what);
    };
    if (saved.size() != own.size()) {
        refuse(
            fmt::format("{} tensors where {} has {}", saved.size(), to_string(kind()), own.size()));
    }
    for (const auto& slot : own) {
        const auto found = by_name.find(slot.name);
        if (found == by_name.end()) refuse(slot.name + " is missing");
        if (found->second.sizes() != slot.tensor.sizes() ||
            found->second.scalar_type() != slot.tensor.scalar_type()) {
            refuse(slot.name + " has another shape or type than its parameter");
        }
    }
    for (const auto& slot : own) at::Tensor(slot.tensor).copy_(by_name[slot.name]);
}

void Optimizer::zero_grad() {
    for (auto& group : groups_) {
        for (auto& parameter : group.parameters) parameter.tensor.mutable_grad().reset();
    }
}

double clip_gradients(const std::vector<NamedTensor>& parameters, double max_norm) {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> grads;
    for (const auto& parameter : parameters) {
        if (parameter.tensor.grad().defined()) grads.push_back(parameter.tensor.grad());
    }
    if (grads.empty()) return 0;
    const auto norm = at::stack(at::_foreach_norm(grads)).norm().item<double>();
    if (std::isfinite(norm)) {
        const double scale = max_norm / (norm + 1e-6);
        if (scale < 1) at::_foreach_mul_(grads, scale);
    }
    return norm;
}

}  // namespace yolotrain
