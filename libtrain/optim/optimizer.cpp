// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/optim/optimizer.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <cmath>
#include <unordered_map>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

/// The parameters of a group that have a gradient, and what the optimizer remembers for them.
struct Work {
    std::vector<at::Tensor> parameters, grads, first, second;
    bool empty() const { return parameters.empty(); }
};

/// Tensors of the parameters' shapes, group by group.
using Slots = std::vector<std::vector<at::Tensor>>;

Slots zero_slots(const std::vector<ParameterGroup>& groups) {
    Slots slots;
    for (const auto& group : groups) {
        auto& list = slots.emplace_back();
        for (const auto& parameter : group.parameters) {
            list.push_back(at::zeros_like(parameter.tensor.detach()));
        }
    }
    return slots;
}

Work collect(const ParameterGroup& group, const std::vector<at::Tensor>& first,
             const std::vector<at::Tensor>* second = nullptr) {
    Work work;
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
        const auto& parameter = group.parameters[i].tensor;
        if (!parameter.grad().defined()) continue;
        work.parameters.push_back(parameter);
        work.grads.push_back(parameter.grad());
        work.first.push_back(first[i]);
        if (second) work.second.push_back((*second)[i]);
    }
    return work;
}

void name_slots(const std::vector<ParameterGroup>& groups, const Slots& slots, const char* what,
                std::vector<NamedTensor>& out) {
    for (std::size_t g = 0; g < groups.size(); ++g) {
        for (std::size_t i = 0; i < slots[g].size(); ++i) {
            out.push_back({groups[g].parameters[i].name + "/" + what, slots[g][i]});
        }
    }
}

class Sgd final : public Optimizer {
 public:
    explicit Sgd(std::vector<ParameterGroup> groups)
        : Optimizer(std::move(groups)), velocity_(zero_slots(groups_)) {}

    OptimizerKind kind() const override { return OptimizerKind::sgd; }

    void step() override {
        at::NoGradGuard no_grad;
        for (std::size_t g = 0; g < groups_.size(); ++g) {
            const auto work = collect(groups_[g], velocity_[g]);
            if (work.empty()) continue;
            // The gradient's own memory holds what is in between: no copy of the model on top.
            if (groups_[g].weight_decay != 0) {
                at::_foreach_add_(work.grads, work.parameters, groups_[g].weight_decay);
            }
            at::_foreach_mul_(work.first, momentum);
            at::_foreach_add_(work.first, work.grads);
            at::_foreach_add_(work.grads, work.first, momentum);
            at::_foreach_add_(work.parameters, work.grads, -groups_[g].lr);
        }
    }

    std::vector<NamedTensor> state() const override {
        std::vector<NamedTensor> out;
        name_slots(groups_, velocity_, "momentum", out);
        return out;
    }

 private:
    Slots velocity_;
};

class AdamW final : public Optimizer {
 public:
    explicit AdamW(std::vector<ParameterGroup> groups)
        : Optimizer(std::move(groups)),
          mean_(zero_slots(groups_)),
          square_(zero_slots(groups_)),
          step_(at::zeros({}, at::kLong)) {
        momentum = 0.9;
    }

    OptimizerKind kind() const override { return OptimizerKind::adamw; }

    void step() override {
        at::NoGradGuard no_grad;
        step_.add_(1);
        const auto step = static_cast<double>(step_.item<std::int64_t>());
        const double mean_bias = 1 - std::pow(momentum, step);
        const double root_square_bias = std::sqrt(1 - std::pow(beta2, step));
        for (std::size_t g = 0; g < groups_.size(); ++g) {
            const auto work = collect(groups_[g], mean_[g], &square_[g]);
            if (work.empty()) continue;
            const double lr = groups_[g].lr;
            at::_foreach_mul_(work.parameters, 1 - lr * groups_[g].weight_decay);
            at::_foreach_mul_(work.first, momentum);
            at::_foreach_add_(work.first, work.grads, 1 - momentum);
            at::_foreach_mul_(work.second, beta2);
            at::_foreach_addcmul_(work.second, work.grads, work.grads, 1 - beta2);
            // The gradient's memory takes the denominator: no copy of the model on top.
            at::_foreach_zero_(work.grads);
            at::_foreach_add_(work.grads, work.second);
            at::_foreach_sqrt_(work.grads);
            at::_foreach_div_(work.grads, root_square_bias);
            at::_foreach_add_(work.grads, eps);
            at::_foreach_addcdiv_(work.parameters, work.first, work.grads, -lr / mean_bias);
        }
    }

    std::vector<NamedTensor> state() const override {
        std::vector<NamedTensor> out = {{"step", step_}};
        name_slots(groups_, mean_, "exp_avg", out);
        name_slots(groups_, square_, "exp_avg_sq", out);
        return out;
    }

 private:
    static constexpr double beta2 = 0.999, eps = 1e-8;
    Slots mean_, square_;
    at::Tensor step_;
};

}  // namespace

std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters,
                                             double weight_decay) {
    std::vector<ParameterGroup> groups(3);
    groups[0].name = "weight";
    groups[0].weight_decay = weight_decay;
    groups[1].name = "bn";
    groups[2].name = "bias";
    for (const auto& parameter : parameters) {
        const bool is_bias = parameter.name.ends_with(".bias");
        const bool is_norm = parameter.name.ends_with(".bn.weight");
        groups[is_bias ? 2 : is_norm ? 1 : 0].parameters.push_back(parameter);
    }
    return groups;
}

std::string_view to_string(OptimizerKind kind) {
    return kind == OptimizerKind::sgd ? "SGD" : "AdamW";
}

std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, std::vector<ParameterGroup> groups) {
    if (kind == OptimizerKind::sgd) return std::make_unique<Sgd>(std::move(groups));
    return std::make_unique<AdamW>(std::move(groups));
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
