// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/optim/ema.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "yolodata/core/error.hpp"

namespace yolotrain {

Ema::Ema(std::vector<NamedTensor> shadow, double decay, double tau)
    : shadow_(std::move(shadow)), decay_(decay), tau_(tau) {}

double Ema::decay(std::int64_t update) const {
    return decay_ * (1 - std::exp(-static_cast<double>(update) / tau_));
}

void Ema::update(const std::vector<NamedTensor>& live) {
    at::NoGradGuard no_grad;
    if (live.size() != shadow_.size()) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "the average and the model are not of one kind");
    }
    const double weight = 1 - decay(++updates_);
    for (std::size_t i = 0; i < shadow_.size(); ++i) {
        const auto& from = live[i].tensor;
        if (from.is_floating_point()) {
            shadow_[i].tensor.lerp_(from.detach(), weight);
        } else {
            shadow_[i].tensor.copy_(from);
        }
    }
}

}  // namespace yolotrain
