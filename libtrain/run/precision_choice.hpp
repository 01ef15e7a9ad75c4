// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "yolotrain/run/event_log.hpp"
#include "yolotrain/run/precision.hpp"
#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// What a run computes in: what --amp asks for; with `auto` the fastest that the device has, once the first
/// batch has shown that it can be relied on. Both functions say what there is to report, if anything.
class PrecisionChoice {
   public:
    PrecisionChoice(Amp amp, std::string device) : amp_(amp), device_(std::move(device)) {}

    /// Before the first step. A run that was `begun` goes on in the precision that it began with, unless it is
    /// asked for another by name.
    std::optional<Event> settle(TrainState& state, bool begun);
    /// With the pictures of each batch (u8 [B, 3, H, W]); only the first ones are looked at.
    std::optional<Event> check(TrainState& state, const at::Tensor& images);

   private:
    const Amp amp_;
    const std::string device_;
    std::optional<Precision> to_check_;
};

}  // namespace yolotrain
