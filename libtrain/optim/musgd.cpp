// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "orthogonal.hpp"
#include "slots.hpp"

namespace yolotrain::detail {

namespace {

class MuSgd final : public Optimizer {
 public:
    explicit MuSgd(std::vector<ParameterGroup> groups)
        : Optimizer(std::move(groups)), velocity_(zero_slots(groups_)), mean_(zero_slots(muon_groups())) {}

    OptimizerKind kind() const override { return OptimizerKind::musgd; }

    void step() override {
        at::NoGradGuard no_grad;
        for (std::size_t g = 0, muon = 0; g < groups_.size(); ++g) {
            if (groups_[g].name == "muon") orthogonal_step(groups_[g], mean_[muon++]);
            nesterov_step(collect(groups_[g], velocity_[g]), groups_[g], momentum);
        }
    }

    std::vector<NamedTensor> state() const override {
        std::vector<NamedTensor> out;
        name_slots(groups_, velocity_, "momentum", out);
        name_slots(muon_groups(), mean_, "muon_momentum", out);
        return out;
    }

 private:
    static constexpr double muon_share = 0.2;

    std::vector<ParameterGroup> muon_groups() const {
        std::vector<ParameterGroup> out;
        for (const auto& group : groups_)
            if (group.name == "muon") out.push_back(group);
        return out;
    }

    /// Muon's own factor sqrt(max(1, height / width)) is 1: kernels are square.
    void orthogonal_step(const ParameterGroup& group, const std::vector<at::Tensor>& mean) {
        const Work work = collect(group, mean);
        for (std::size_t i = 0; i < work.parameters.size(); ++i) {
            const at::Tensor &g = work.grads[i], &m = work.first[i];
            m.mul_(momentum).add_(g, 1 - momentum);
            const auto ahead = (m * momentum).add_(g, 1 - momentum);
            const auto update =
                nearly_orthogonal(ahead.reshape({ahead.size(0), -1}), ahead.is_cpu() ? at::kFloat : at::kBFloat16);
            at::Tensor(work.parameters[i]).add_(update.reshape(ahead.sizes()), -group.lr * muon_share);
        }
    }

    Slots velocity_, mean_;  ///< of all groups; of the groups "muon"
};

}  // namespace

std::unique_ptr<Optimizer> make_musgd(std::vector<ParameterGroup> groups) {
    return std::make_unique<MuSgd>(std::move(groups));
}

}  // namespace yolotrain::detail
