// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/optim/schedule.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numbers>
#include <string>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// Up to this many iterations optimizer=auto takes AdamW, over it MuSGD.
constexpr std::int64_t adamw_iterations = 10000;

/// NaN fails every comparison, so it never passes.
void require(const char* option, double value, double min, double max) {
    if (!(value >= min && value <= max)) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{} must lie in {} … {}, not {}", option, min, max, value));
    }
}

void check(const ScheduleOptions& o) {
    require("epochs", o.epochs, 1, 1e6);
    require("batch", o.batch, 1, 1e6);
    require("images", static_cast<double>(o.images), 1, 1e15);
    require("nc", static_cast<double>(o.nc), 1, 1e6);
    require("lr0", o.lr0, 0, 1e3);
    require("lrf", o.lrf, 0, 1e3);
    require("momentum", o.momentum, 0, 0.9999);
    require("weight_decay", o.weight_decay, 0, 1e3);
    require("warmup_epochs", o.warmup_epochs, 0, 1e6);
    require("warmup_momentum", o.warmup_momentum, 0, 0.9999);
    require("warmup_bias_lr", o.warmup_bias_lr, 0, 1e3);
    require("nbs", o.nbs, 1, 1e6);
}

/// Halves go to the even neighbour, as Python and NumPy round.
double round_even(double x) {
    return std::nearbyint(x);
}

std::int64_t divide_up(std::int64_t a, std::int64_t b) {
    return (a + b - 1) / b;
}

/// From `first` at 0 to `last` at n; the order of operations decides ties when the result is
/// rounded.
double ramp(std::int64_t x, std::int64_t n, double first, double last) {
    const double slope = (last - first) / static_cast<double>(n);
    return slope * static_cast<double>(x) + first;
}

}  // namespace

OptimizerChoice parse_optimizer(std::string_view name) {
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if (lower == "auto") return OptimizerChoice::automatic;
    if (lower == "sgd") return OptimizerChoice::sgd;
    if (lower == "adamw") return OptimizerChoice::adamw;
    if (lower == "musgd") return OptimizerChoice::musgd;
    throw Error(ErrorKind::invalid_argument,
                fmt::format("unknown optimizer \"{}\": auto, SGD, AdamW or MuSGD", name));
}

Schedule::Schedule(const ScheduleOptions& options) : options_(options) {
    check(options_);
    const auto& o = options_;
    const auto batch = std::min<std::int64_t>(o.batch, o.images);
    batches_ = divide_up(o.images, batch);
    warmup_ = static_cast<std::int64_t>(round_even(std::min<double>(o.warmup_epochs, o.epochs - 1) *
                                                   static_cast<double>(batches_)));
    accumulate_ = static_cast<int>(std::min<std::int64_t>(
        std::max<std::int64_t>(std::llrint(static_cast<double>(o.nbs) / static_cast<double>(batch)),
                               1),
        batches_ * o.epochs));
    weight_decay_ = o.weight_decay * static_cast<double>(batch) * accumulate_ / o.nbs;

    initial_lr_ = o.lr0;
    momentum_ = o.momentum;
    warmup_bias_lr_ = o.warmup_bias_lr;
    optimizer_ = o.optimizer == OptimizerChoice::adamw   ? OptimizerKind::adamw
                 : o.optimizer == OptimizerChoice::musgd ? OptimizerKind::musgd
                                                         : OptimizerKind::sgd;
    if (o.optimizer == OptimizerChoice::automatic) {
        const auto iterations =
            divide_up(o.images, std::max<std::int64_t>(batch, o.nbs)) * o.epochs;
        warmup_bias_lr_ = 0;
        momentum_ = 0.9;
        const auto by_length = iterations > adamw_iterations ? OptimizerKind::musgd : OptimizerKind::adamw;
        optimizer_ = o.chosen.value_or(by_length);
        if (optimizer_ != OptimizerKind::adamw) {
            initial_lr_ = 0.01;
            // Built with .9, but its warm-up ends at what was asked for.
            if (warmup_ > 0) momentum_ = o.momentum;
        } else {
            initial_lr_ = round_even(0.002 * 5 / static_cast<double>(4 + o.nc) * 1e6) / 1e6;
        }
    }
}

double Schedule::factor(int epoch) const {
    const double done = static_cast<double>(epoch) / options_.epochs;
    if (options_.cos_lr) {
        return std::max((1 - std::cos(done * std::numbers::pi)) / 2, 0.0) * (options_.lrf - 1) + 1;
    }
    return std::max(1 - done, 0.0) * (1 - options_.lrf) + options_.lrf;
}

StepSettings Schedule::at(std::int64_t iteration) const {
    StepSettings now;
    now.lr = now.bias_lr = initial_lr_ * factor(static_cast<int>(iteration / batches_));
    now.momentum = momentum_;
    now.accumulate = accumulate_;
    if (iteration >= warmup_) return now;
    now.bias_lr = ramp(iteration, warmup_, warmup_bias_lr_, now.lr);
    now.lr = ramp(iteration, warmup_, 0.0, now.lr);
    now.accumulate =
        std::max(1, static_cast<int>(round_even(ramp(iteration, warmup_, 1, accumulate_))));
    if (optimizer_ != OptimizerKind::adamw) {  // AdamW's beta1 has no warm-up
        now.momentum = ramp(iteration, warmup_, options_.warmup_momentum, momentum_);
    }
    return now;
}

bool Schedule::steps(std::int64_t iteration, std::int64_t last_step) const {
    return iteration - last_step >= at(iteration).accumulate;
}

void apply(const StepSettings& settings, Optimizer& optimizer) {
    for (auto& group : optimizer.groups()) {
        const double lr = group.name == "bias" ? settings.bias_lr : settings.lr;
        group.lr = lr + (group.lr_factor - 1) * settings.lr;
    }
    optimizer.momentum = settings.momentum;
}

}  // namespace yolotrain
