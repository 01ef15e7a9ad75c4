// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "yolotrain/data/quarantine.hpp"
#include "yolotrain/model/yolov8.hpp"
#include "yolotrain/optim/ema.hpp"
#include "yolotrain/optim/optimizer.hpp"
#include "yolotrain/run/precision.hpp"
#include "yolotrain/run/results.hpp"
#include "yolotrain/run/train_options.hpp"

namespace yolotrain {

/// Where a training stands, in numbers. The batch to come is (epoch, step); its iteration number is
/// epoch · steps + step. step == steps: all batches of the epoch are done, its end (validation, saving)
/// is to come.
struct Counters {
    std::int64_t epoch = 0, step = 0;
    std::int64_t last_optimizer_step = -1;  ///< iteration
    std::int64_t accumulated = 0;           ///< batches in the gradients since then
    std::array<double, 3> loss_sum{};       ///< box, cls, dfl of this epoch's steps
    std::int64_t loss_steps = 0;
    std::vector<double> lr;                 ///< of the groups in the last step
    std::int64_t skipped = 0;               ///< steps dropped for a non-finite loss or gradient
    std::int64_t skipped_in_a_row = 0;
    double best_fitness = 0;
    std::int64_t best_epoch = 0;            ///< epoch (from 1) that best.safetensors comes from, 0 = none
    std::int64_t patience_epoch = 0;        ///< epoch (from 1) that patience is counted from
    bool stopped_early = false;
    double seconds = 0;                     ///< spent in earlier sittings and this one

    bool operator==(const Counters&) const = default;
};

/// A training at rest: everything that decides how it goes on, in a form that can be stored.
struct StateImage {
    Counters counters;
    std::vector<EpochRow> rows;
    std::vector<BadRecord> quarantine;
    std::int64_t ema_updates = 0;
    OptimizerKind optimizer = OptimizerKind::sgd;
    Precision precision = Precision::float32;
    LossScale loss_scale;
    Scale scale = Scale::n;
    std::vector<std::string> names;   ///< class names
    std::string data_digest;          ///< of the shard set
    /// EvalSource::digest() of the pictures that best_fitness and patience were measured on; empty = on none, or
    /// unknown, as in checkpoints of before it was kept.
    std::string val_digest;
    int epochs = 0, patience = 0;     ///< that the run was asked for
    Args args;
    /// "model/…", "average/…", "optimizer/…", "gradient/…". On the CPU; may share storage with the state.
    std::vector<NamedTensor> tensors;
};

/// A training in memory. Nothing that decides how it goes on lives anywhere else: random numbers are
/// functions of the seed and the position, batches of (epoch, step).
struct TrainState {
    YoloV8 model;
    YoloV8 average;  ///< the weights' moving average, validated and saved; `ema` writes into it
    Ema ema;
    std::unique_ptr<Optimizer> optimizer;
    Counters counters;
    std::vector<EpochRow> rows;
    std::shared_ptr<Quarantine> quarantine;
    Precision precision = Precision::float32;  ///< that the model computes in; set by compute_in()
    LossScale loss_scale = {};
};

/// A training before its first step, on `device`.
TrainState fresh_state(YoloV8 model, OptimizerKind optimizer, double weight_decay, const std::string& device);

/// Lets the model compute in `precision` from here on.
void compute_in(TrainState& state, Precision precision);

/// Everything of the state but what the options give (scale, names, digest, epochs, args: the caller's).
StateImage capture(const TrainState& state);
/// Puts an image into a state that fresh_state made for the same model and optimizer. Throws
/// yolodata::Error(corrupt) where a tensor is missing or of another shape; the state is then unusable.
void restore(TrainState& state, const StateImage& image);

/// The name of the first tensor that holds NaN or infinity, empty if all are finite.
std::string first_non_finite(const std::vector<NamedTensor>& tensors);

}  // namespace yolotrain
