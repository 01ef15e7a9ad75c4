// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "yolotrain/eval/validator.hpp"
#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// What the end of an epoch decides, before anything is written.
struct EpochVerdict {
    EpochRow row;
    bool best = false;  ///< best.safetensors is to be this epoch's average
    bool stop = false;  ///< patience is used up
};

/// Judges the epoch that `state` has just trained, and moves its counters of best and patience on.
/// `validated` is empty in an epoch without validation.
EpochVerdict judge_epoch(TrainState& state, const std::optional<ValResult>& validated, int patience);

/// Best fitness and patience begin anew: what comes is measured on other pictures and cannot be compared.
void forget_best(Counters& counters);

/// Puts the state at the first step of the next epoch.
void begin_next_epoch(TrainState& state, const EpochVerdict& verdict);

}  // namespace yolotrain
