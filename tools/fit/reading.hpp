// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "fit/options.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolotrain/run/trainer.hpp"

namespace tools {

/// How --io says that shards are read.
yolodata::shard::ReadOptions read_options(const FitOptions& options);

/// How much is read ahead, and whether pages are given back behind: both follow from the size of the training
/// shards and the memory that may be used. Says on stderr that pages are given back.
void settle_reading(FitOptions& options, const yolodata::shard::ShardSet& train);

}  // namespace tools
