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
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/memory_limit.hpp"

namespace tools {

inline constexpr std::string_view repair_program = "yolodata repair";

struct RepairCommand {
    std::string path, out, quarantine, format = "text", output, task = "auto", kpt_shape;
    std::vector<std::string> fix, names;
    int nc = 0, jobs = usable_cpus();
    std::uint64_t max_pixels = 178'956'970;
    ByteSize max_memory{
        std::min<std::uint64_t>(std::uint64_t{1} << 30, yolodata::memory_limit().bytes / 2)};
    bool dry_run = false, apply = false, undo = false, force = false, quiet = false;
};

/// Throws UsageError or Answered.
RepairCommand parse_repair(int argc, char** argv);

/// The dataset as verify reads it, with these options.
yolodata::Dataset open_for_repair(const RepairCommand& command);

/// The root as the user names it: a report says nothing of the folders above.
std::string shown_root(const RepairCommand& command, const yolodata::Dataset& dataset);

}  // namespace tools
