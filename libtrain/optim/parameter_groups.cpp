// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "yolotrain/optim/optimizer.hpp"

namespace yolotrain {

namespace {

/// 3: the class branch of the head.
double lr_factor_of(const NamedTensor& parameter, OptimizerKind kind) {
    return kind == OptimizerKind::musgd && parameter.name.starts_with("model.22.cv3.") ? 3 : 1;
}

const char* group_of(const NamedTensor& parameter, OptimizerKind kind) {
    if (kind == OptimizerKind::musgd && parameter.tensor.dim() == 4) return "muon";
    if (parameter.name.ends_with(".bias")) return "bias";
    return parameter.name.ends_with(".bn.weight") ? "bn" : "weight";
}

}  // namespace

std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters, double weight_decay,
                                             OptimizerKind kind) {
    std::vector<ParameterGroup> groups;
    const auto append = [&](const char* name, double decay) {
        if (kind == OptimizerKind::musgd) groups.push_back({name, {}, decay, 3, 0});
        groups.push_back({name, {}, decay, 1, 0});
    };
    append("weight", weight_decay);
    append("bn", 0);
    append("bias", 0);
    if (kind == OptimizerKind::musgd) append("muon", weight_decay);
    for (const auto& parameter : parameters)
        for (auto& group : groups)
            if (group.name == group_of(parameter, kind) && group.lr_factor == lr_factor_of(parameter, kind))
                group.parameters.push_back(parameter);
    return groups;
}

}  // namespace yolotrain
