// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "yolodata/shard/reader.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {

/// Positions before a sample's (cyclic) that its partners come from, of n in an epoch: 8 batches, at most 1000.
std::uint64_t partner_window(std::uint64_t n, int batch);

/// Decoded pictures that a TrainLoader keeps because samples to come want them as partners: the window and one for
/// each sample in the making, as many of them as options.kept_bytes holds. 0 where no sample has partners, and of sets
/// whose records are read as they are drawn (raw, of that size): there is nothing to save.
std::size_t kept_pictures(const yolodata::shard::ShardSet& set, const LoaderOptions& options);

/// Bytes of kept_pictures() at most: pictures whose short side is shorter take less.
std::uint64_t kept_picture_bytes(const yolodata::shard::ShardSet& set, const LoaderOptions& options);

}  // namespace yolotrain
