// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "slots.hpp"

namespace yolotrain::detail {

namespace {

class Sgd final : public Optimizer {
 public:
    explicit Sgd(std::vector<ParameterGroup> groups)
        : Optimizer(std::move(groups)), velocity_(zero_slots(groups_)) {}

    OptimizerKind kind() const override { return OptimizerKind::sgd; }

    void step() override {
        at::NoGradGuard no_grad;
        for (std::size_t g = 0; g < groups_.size(); ++g) {
            nesterov_step(collect(groups_[g], velocity_[g]), groups_[g], momentum);
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

}  // namespace

std::unique_ptr<Optimizer> make_sgd(std::vector<ParameterGroup> groups) {
    return std::make_unique<Sgd>(std::move(groups));
}

}  // namespace yolotrain::detail
