// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "yolodata/repair/apply.hpp"
#include "yolodata/repair/plan.hpp"

namespace yolodata {

struct CopyResult {
    std::size_t done = 0;  ///< changes made in the copy
    std::vector<SkippedChange> skipped;
    std::vector<Left> not_carried;  ///< files that lie outside the dataset's folder
    std::size_t files = 0;          ///< in the copy
    bool stopped = false;           ///< by the progress callback; nothing is left behind
};

/// Writes a repaired copy: every file that the dataset names, its data.yaml and the plan's changes.
/// What is unchanged is a hard link (a copy on another file system), so it takes no room and must
/// not be edited in place; a symbolic link inside the dataset becomes the file that it names, one
/// that leads outside stays a link. What the plan moves to quarantine is not in the copy. A
/// data.yaml with an absolute or outside `path:` is carried with `path: .`, and absolute paths into
/// the dataset, there and in list files, become relative. Never writes into the dataset.
///
/// DIR appears whole or not at all. Throws Error(forbidden_state) if it exists and is not empty,
/// Error(invalid_argument) if it lies inside the dataset, Error(io | resource).
CopyResult copy_repaired(const Dataset& dataset, const RepairPlan& plan, const std::string& dir,
                         const Progress& progress = {});

}  // namespace yolodata
