// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "yolotrain/optim/optimizer.hpp"

namespace yolotrain::detail {

/// The parameters of a group that have a gradient, and what the optimizer remembers for them.
struct Work {
    std::vector<at::Tensor> parameters, grads, first, second;
    bool empty() const { return parameters.empty(); }
};

/// Tensors of the parameters' shapes, group by group.
using Slots = std::vector<std::vector<at::Tensor>>;

Slots zero_slots(const std::vector<ParameterGroup>& groups);

Work collect(const ParameterGroup& group, const std::vector<at::Tensor>& first,
             const std::vector<at::Tensor>* second = nullptr);

/// Appends the slots as "PARAMETER/what".
void name_slots(const std::vector<ParameterGroup>& groups, const Slots& slots, const char* what,
                std::vector<NamedTensor>& out);

/// p ← p − lr·(g + decay·p + momentum·v) after v ← momentum·v + g + decay·p, for a group whose velocities `work.first`
/// are. Uses the gradients up.
void nesterov_step(const Work& work, const ParameterGroup& group, double momentum);

std::unique_ptr<Optimizer> make_sgd(std::vector<ParameterGroup> groups);
std::unique_ptr<Optimizer> make_adamw(std::vector<ParameterGroup> groups);
std::unique_ptr<Optimizer> make_musgd(std::vector<ParameterGroup> groups);

}  // namespace yolotrain::detail
