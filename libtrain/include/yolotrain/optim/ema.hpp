// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// Exponential moving average of a model's state: what is validated and saved.
///
///     YoloV8 shadow = model.clone();
///     Ema ema(shadow.state());      // the average lives in `shadow`, ready to be validated
///     ema.update(model.state());    // after each optimizer step
///
/// Averages every float tensor, running statistics included, with the weight
/// d = decay·(1 − e^(−updates/tau)); integer counters are copied. Not thread-safe.
class Ema {
 public:
    explicit Ema(std::vector<NamedTensor> shadow, double decay = 0.9999, double tau = 2000);

    void update(const std::vector<NamedTensor>& live);
    const std::vector<NamedTensor>& state() const { return shadow_; }

    std::int64_t updates() const { return updates_; }
    /// To continue: the shadow's tensors are restored by the caller, or by `transfer`.
    void set_updates(std::int64_t updates) { updates_ = updates; }
    /// The weight of the old average at the given update (from 1).
    double decay(std::int64_t update) const;

 private:
    std::vector<NamedTensor> shadow_;
    double decay_, tau_;
    std::int64_t updates_ = 0;
};

}  // namespace yolotrain
