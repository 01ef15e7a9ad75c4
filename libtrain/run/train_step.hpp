// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "yolotrain/data/batch.hpp"
#include "yolotrain/loss/detection_loss.hpp"
#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// The running statistics of a model's batch norms as they were when this was made. Put back on
/// destruction, unless the step that changed them is kept.
class StatisticsGuard {
   public:
    explicit StatisticsGuard(const YoloV8& model);
    ~StatisticsGuard();
    StatisticsGuard(const StatisticsGuard&) = delete;
    StatisticsGuard& operator=(const StatisticsGuard&) = delete;

    bool are_finite() const;
    void keep() { kept_ = true; }

   private:
    std::vector<at::Tensor> live_, saved_;
    bool kept_ = false;
};

/// What a batch would change.
struct StepResult {
    std::array<double, 3> items{};      ///< box, cls, dfl
    std::vector<at::Tensor> gradients;  ///< by model.parameters(); undefined where a parameter has none
    std::string fault;                  ///< why the step must be dropped, empty = it is good
};

/// How a step is done.
struct StepOptions {
    LossGains gains{};
    at::Device device = at::kCPU;
    double loss_scale = 1;  ///< factor of the loss on the way back
    std::int64_t side = 0;  ///< pictures are scaled to this long side first, px, a multiple of 32; 0 = as they are
    at::Tensor class_weights = {};  ///< as detection_loss() takes them
};

/// Forward and backward of one batch. With a fault, or when it throws, the model is as it was before;
/// else only its running statistics have moved, and gradients wait for commit().
StepResult run_step(YoloV8& model, const Batch& batch, const StepOptions& options);

/// Adds a good step's gradients to those of the state and counts it.
void commit(TrainState& state, StepResult&& result);

/// Clips at norm 10, steps the optimizer, updates the average. false: the sum of the gradients is not
/// finite; they are dropped and nothing is stepped.
bool optimizer_step(TrainState& state);

}  // namespace yolotrain
