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
    std::string name;                     ///< "weight", "bn", "bias" or "muon"
    std::vector<NamedTensor> parameters;  ///< share storage with the model
    double weight_decay = 0;
    double lr_factor = 1;  ///< of the learning rate that the schedule gives
    double lr = 0;         ///< set before each step (apply)
};

enum class OptimizerKind { sgd, adamw, musgd };
std::string_view to_string(OptimizerKind);  ///< "SGD", "AdamW", "MuSGD"

/// The groups in the order that Ultralytics 8.4.190 logs them as pg0 …: "weight" (decayed), "bn" (batch-norm weights),
/// "bias" (every bias, batch norm's too). For MuSGD also "muon" (every convolution's weights, decayed; none is left in
/// "weight"), and each group twice: first what belongs to the head's class branch, with lr_factor 3, then the others; some
/// of these are empty. weight_decay is the scaled one (Schedule::weight_decay).
std::vector<ParameterGroup> parameter_groups(const std::vector<NamedTensor>& parameters, double weight_decay,
                                             OptimizerKind kind = OptimizerKind::sgd);

/// Steps parameters by their .grad. A parameter without a gradient is left alone, decay included.
/// Not thread-safe.
class Optimizer {
 public:
    virtual ~Optimizer() = default;

    std::vector<ParameterGroup>& groups() { return groups_; }
    const std::vector<ParameterGroup>& groups() const { return groups_; }
    /// SGD's and MuSGD's momentum, AdamW's beta1.
    double momentum = 0.937;

    virtual OptimizerKind kind() const = 0;
    /// One update from the gradients as they stand. Uses the gradients up: their memory holds
    /// intermediate values afterwards, so that no second copy of the model is needed.
    virtual void step() = 0;
    /// Everything that step() remembers, by "PARAMETER/what" (SGD: momentum; AdamW: exp_avg, exp_avg_sq, and one counter
    /// "step"; MuSGD: momentum, of the group "muon" also muon_momentum). The tensors share storage with the optimizer.
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
/// beta2 .999, eps 1e-8 (Loshchilov and Hutter 2019). MuSGD: SGD, and before it in the groups "muon" Muon's update (Jordan
/// 2024) with a fifth of the learning rate: m ← momentum·m + (1 − momentum)·g, p ← p − 0.2·lr·O(momentum·m + (1 −
/// momentum)·g), where O makes a matrix [out, the rest] nearly orthogonal; as Ultralytics 8.4.190, which computes O in
/// bfloat16.
std::unique_ptr<Optimizer> make_optimizer(OptimizerKind kind, std::vector<ParameterGroup> groups);

/// The L2 norm over all gradients; if it is over max_norm they are scaled by max_norm / (norm +
/// 1e-6). A norm that is not finite is returned as it is and the gradients are left alone: the
/// caller must not step. 0 without any gradient.
double clip_gradients(const std::vector<NamedTensor>& parameters, double max_norm = 10.0);

}  // namespace yolotrain
