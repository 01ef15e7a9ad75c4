// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/command_line.hpp"
#include "yolodata/core/dataset.hpp"

namespace tools {

/// A dataset on the command line: its path, and what is said of its labels.
struct DatasetOptions {
    std::string path, task = "auto", kpt_shape;
    std::vector<std::string> names;
    int nc = 0;

    /// PATH; `more`: what else this command takes there.
    void add_path(CommandLine& line, const std::string& more = {});
    /// --task, --nc, --names, --kpt-shape.
    void add_options(CommandLine& line);

    /// Opens it and decides its task. `program` begins the remark about what was guessed, on stderr
    /// unless `quiet`. Throws UsageError, yolodata::Error.
    yolodata::Dataset open(std::string_view program, int jobs, bool quiet) const;

    /// The root as the user names it: a report says nothing of the folders above.
    std::string shown_root(const yolodata::Dataset& dataset) const;
};

}  // namespace tools
