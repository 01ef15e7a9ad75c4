// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "slots.hpp"

namespace yolotrain::detail {

namespace {

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

std::unique_ptr<Optimizer> make_adamw(std::vector<ParameterGroup> groups) {
    return std::make_unique<AdamW>(std::move(groups));
}

}  // namespace yolotrain::detail
