// SPDX-License-Identifier: Apache-2.0
#include "fit/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "yolodata/core/memory_limit.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolotrain/data/loader.hpp"

namespace tools {

namespace {

constexpr std::uint64_t kShareAhead = 16;  ///< of the memory, at most a sixteenth is read ahead

std::uint64_t bytes_of(const yolodata::shard::ShardSet& train) {
    std::uint64_t bytes = 0;
    for (const auto& shard : train.index().shards) {
        if (shard.split == "train") bytes += shard.bytes;
    }
    return bytes;
}

}  // namespace

yolodata::shard::ReadOptions read_options(const FitOptions& options) {
    yolodata::shard::ReadOptions how;
    how.io = yolodata::shard::parse_io_mode(options.io).value_or(how.io);  // the table lets nothing else through
    return how;
}

void settle_reading(FitOptions& options, const yolodata::shard::ShardSet& train) {
    const yolodata::MemoryLimit limit = yolodata::memory_limit();
    const std::uint64_t bytes = bytes_of(train);
    options.train.read_ahead_bytes = std::min(yolotrain::kReadAheadBytes, limit.bytes / kShareAhead);
    options.train.drop_behind = bytes > limit.bytes / 10 * 7;
    if (!options.train.drop_behind || options.quiet || options.io == "direct") return;
    fmt::print(stderr,
               "yolotrain fit: the training shards ({} MiB) are too large for the memory ({} MiB, {}): pages are given "
               "back once they are read\n",
               bytes >> 20, limit.bytes >> 20, limit.source);
}

}  // namespace tools
