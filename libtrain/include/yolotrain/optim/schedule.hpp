// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "yolotrain/optim/optimizer.hpp"

namespace yolotrain {

/// optimizer=auto chooses by the length of the training.
enum class OptimizerChoice { automatic, sgd, adamw, musgd };
/// "auto", "SGD", "AdamW", "MuSGD" (any case). Throws Error(invalid_argument).
OptimizerChoice parse_optimizer(std::string_view name);

struct ScheduleOptions {
    // What training is asked for, by Ultralytics' names.
    OptimizerChoice optimizer = OptimizerChoice::automatic;
    /// What automatic chose when the training began: it stands, however many epochs are asked for now.
    std::optional<OptimizerKind> chosen;
    int epochs = 100;
    int batch = 16;              ///< images a batch, over all processes
    std::int64_t images = 0;     ///< of the training split
    std::int64_t nc = 80;        ///< classes: automatic's learning rate depends on it
    double lr0 = 0.01;           ///< initial learning rate; automatic sets its own
    double lrf = 0.01;           ///< last learning rate / lr0
    double momentum = 0.937;     ///< SGD's and MuSGD's momentum, AdamW's beta1
    double weight_decay = 5e-4;  ///< at the nominal batch size
    double warmup_epochs = 3.0;
    double warmup_momentum = 0.8;
    double warmup_bias_lr = 0.1;  ///< automatic: 0
    int nbs = 64;                 ///< nominal batch size: gradients are accumulated up to it
    bool cos_lr = false;          ///< cosine instead of linear
};

/// What one iteration (one batch) trains with.
struct StepSettings {
    double lr = 0;       ///< of all groups but bias
    double bias_lr = 0;  ///< of the group bias
    double momentum = 0;
    int accumulate = 1;  ///< step when this many iterations have passed since the last step
};

/// The schedule of a training: a pure function of the options. Iterations count batches from 0 over
/// all epochs.
class Schedule {
 public:
    /// Throws Error(invalid_argument) on a value out of range, NaN included, naming the option.
    explicit Schedule(const ScheduleOptions& options);

    OptimizerKind optimizer() const { return optimizer_; }
    double initial_lr() const { return initial_lr_; }
    /// Decay for the group "weight": weight_decay · batch · accumulate / nbs.
    double weight_decay() const { return weight_decay_; }
    std::int64_t batches_per_epoch() const { return batches_; }
    std::int64_t warmup_iterations() const { return warmup_; }
    int accumulate() const { return accumulate_; }  ///< after warm-up

    /// lr / initial lr in an epoch after warm-up: 1 → lrf.
    double factor(int epoch) const;
    StepSettings at(std::int64_t iteration) const;
    /// Whether the optimizer steps after this iteration, if it stepped last after `last_step` (−1:
    /// never).
    bool steps(std::int64_t iteration, std::int64_t last_step) const;

 private:
    ScheduleOptions options_;
    OptimizerKind optimizer_ = OptimizerKind::sgd;
    double initial_lr_ = 0, warmup_bias_lr_ = 0, weight_decay_ = 0, momentum_ = 0;
    std::int64_t batches_ = 0, warmup_ = 0;
    int accumulate_ = 1;
};

/// Puts an iteration's settings into the optimizer: learning rates by group and its factor, momentum. In the warm-up a
/// factor counts for what the rate grows to, not for warmup_bias_lr that it begins with.
void apply(const StepSettings& settings, Optimizer& optimizer);

}  // namespace yolotrain
