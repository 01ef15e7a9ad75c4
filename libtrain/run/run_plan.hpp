// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "yolodata/shard/reader.hpp"
#include "yolotrain/optim/schedule.hpp"
#include "yolotrain/run/train_options.hpp"
#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

// What the options, the data and the checkpoint that a run goes on from (null: it starts) make of a run.

/// The schedule, with what only the data knows. A run that goes on keeps the optimizer that it began with,
/// although `auto` would choose another for more epochs.
Schedule plan_schedule(const TrainOptions& options, const yolodata::shard::ShardSet& train, const StateImage* from);

/// The network before its first step: random weights from the seed, layers frozen.
YoloV8 plan_model(const TrainOptions& options, const std::vector<std::string>& names);

/// float [nc] on the device: what --cls-pw makes of the training labels; undefined without it.
at::Tensor plan_class_weights(const TrainOptions& options, const yolodata::shard::ShardSet& train);

/// Throws yolodata::Error(forbidden_state) if `from` is of another model, other classes or other data.
void require_same(const StateImage& from, const TrainOptions& options, const yolodata::shard::ShardSet& train);

}  // namespace yolotrain
