// SPDX-License-Identifier: Apache-2.0
#include "slots.hpp"

#include <ATen/ATen.h>

namespace yolotrain::detail {

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
             const std::vector<at::Tensor>* second) {
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

void nesterov_step(const Work& work, const ParameterGroup& group, double momentum) {
    if (work.empty()) return;
    // The gradient's own memory holds what is in between: no copy of the model on top.
    if (group.weight_decay != 0) at::_foreach_add_(work.grads, work.parameters, group.weight_decay);
    at::_foreach_mul_(work.first, momentum);
    at::_foreach_add_(work.first, work.grads);
    at::_foreach_add_(work.grads, work.first, momentum);
    at::_foreach_add_(work.parameters, work.grads, -group.lr);
}

}  // namespace yolotrain::detail
