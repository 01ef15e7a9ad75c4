// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "verify/memory_gate.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// One shard to be looked at.
struct ShardTask {
    std::string path, name;              ///< where it lies, and how findings call it
    const ShardEntry* listed = nullptr;  ///< what index.json says of it; nullptr: nothing
    std::optional<std::uint32_t> class_count;
};

struct ShardFindings {
    std::vector<Finding> findings;
    std::uint64_t records = 0, rows = 0, backgrounds = 0, bad_records = 0, bytes = 0;
};

/// What the workers of one check share.
struct CheckContext {
    bool fast = false;
    std::uint64_t large = 0;  ///< records over this many bytes ask the gate
    MemoryGate& gate;
    std::function<void(std::uint64_t)> records_done;  ///< thread-safe
    std::function<bool()> stopped;                    ///< thread-safe
};

/// Thread-safe; runs in parallel inside the caller's arena.
ShardFindings check_shard(const ShardTask& task, CheckContext& context);

}  // namespace yolodata::shard
