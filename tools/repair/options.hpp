// SPDX-License-Identifier: Apache-2.0
// The command line of yolodata repair.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/command_line.hpp"
#include "common/progress.hpp"
#include "reports/dataset_options.hpp"
#include "yolodata/core/memory_limit.hpp"

namespace tools {

inline constexpr std::string_view repair_program = "yolodata repair";

struct RepairCommand {
    DatasetOptions dataset;
    std::string out, quarantine, format = "text", output;
    std::vector<std::string> fix;
    int jobs = usable_cpus();
    std::uint64_t max_pixels = 178'956'970;
    ByteSize max_memory{
        std::min<std::uint64_t>(std::uint64_t{1} << 30, yolodata::memory_limit().bytes / 2)};
    bool shards = false;  ///< PATH is a shard set
    bool dry_run = false, apply = false, undo = false, force = false, quiet = false;
};

/// Throws UsageError or Answered.
RepairCommand parse_repair(int argc, char** argv);

}  // namespace tools
