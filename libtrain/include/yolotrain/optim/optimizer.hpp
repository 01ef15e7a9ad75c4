// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// Parameters that are stepped alike.
struct ParameterGroup {
    std::string name;                     ///< "weight", "bn" or "bias"
    std::vector<NamedTensor> parameters;  ///< share storage with the model
    double weight_decay = 0;
    double lr = 0;  ///< set before each step (Schedule::at)
};

/// Three groups, in the order that Ultralytics 8.4.190 logs as pg0 … pg2: "weight" (decayed), "bn"
/// (batch-norm weights), "bias" (every bias, batch norm's too). weight_decay is the scaled one
/// (Schedule::weight_decay).
std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters,
                                             double weight_decay);

enum class OptimizerKind { sgd, adamw };
std::string_view to_string(OptimizerKind);  ///< "SGD", "AdamW"

/// Steps parameters by their .grad. A parameter without a gradient is left alone, decay included.
/// Not thread-safe.
class Optimizer {
 public:
    virtual ~Optimizer() = default;

    std::vector<ParameterGroup>& groups() { return groups_; }
    const std::vector<ParameterGroup>& groups() const { return groups_; }
    /// SGD's momentum, AdamW's beta1.
    double momentum = 0.937;

    virtual OptimizerKind kind() const = 0;
    /// One update from the gradients as they stand. Uses the gradients up: their memory holds
    /// intermediate values afterwards, so that no second copy of the model is needed.
    virtual void step() = 0;
    /// Everything that step() remembers, by "PARAMETER/what" (SGD: momentum; AdamW: exp_avg,
    /// exp_avg_sq, and one counter "step"). The tensors share storage with the optimizer.
    virtual std::vector<NamedTensor> state() const = 0;
    /// Copies what state() returned into this optimizer: the steps that follow have the same bits.
    /// Throws Error(corrupt) if names or shapes do not fit the parameters; then nothing is changed.
    void restore(const std::vector<NamedTensor>& saved);

    /// Drops the gradients.
    void zero_grad();

 protected:
    explicit Optimizer(std::vector<ParameterGroup> groups) : groups_(std::move(groups)) {}
    std::vector<ParameterGroup> groups_;
};

/// SGD: v ← momentum·v + (g + decay·p) (v = 0 before the first), p ← p − lr·(g + decay·p +
/// momentum·v) (Nesterov; Sutskever et al. 2013). AdamW: decoupled decay, bias-corrected moments,
/// beta2 .999, eps 1e-8 (Loshchilov and Hutter 2019).
std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, std::vector<ParameterGroup> groups);

/// The L2 norm over all gradients; if it is over max_norm they are scaled by max_norm / (norm +
/// 1e-6). A norm that is not finite is returned as it is and the gradients are left alone: the
/// caller must not step. 0 without any gradient.
double clip_gradients(const std::vector<NamedTensor>& parameters, double max_norm = 10.0);

}  // namespace yolotrain
