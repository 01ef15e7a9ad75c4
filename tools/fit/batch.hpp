// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fit/options.hpp"
#include "yolotrain/run/trainer.hpp"

namespace tools {

/// --batch auto of a run that goes on: that of its start.
void keep_batch(FitOptions& options, const yolotrain::StateImage& from);

/// --batch auto of a new run: the largest of 1, 2 … 16 that fits the memory, which is said on stderr. Else
/// nothing happens.
void settle_batch(FitOptions& options, const CommandLine& line, const yolotrain::TrainData& data);

}  // namespace tools
