// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "yolodata/repair/plan.hpp"

namespace yolodata {

/// ROOT.quarantine, beside the dataset.
std::string default_quarantine(const Dataset& dataset);

/// A change that was not made.
struct SkippedChange {
    std::size_t change = 0;  ///< index into RepairPlan::changes
    std::string reason;
};

struct ApplyResult {
    std::size_t done = 0;  ///< changes made
    std::vector<SkippedChange> skipped;
    bool stopped = false;  ///< by the progress callback, between two changes
};

/// Does what the plan says. Files that are moved away go to `quarantine`/PATH; the journal with the
/// old contents lies in `quarantine`/yolodata.repair. Each change is written to the journal and
/// synced before it is made, and made by one rename, so that undo_repair() brings every file back
/// whatever happens in between. A file that is not as it was planned for is skipped. Nothing is
/// written through a symbolic link.
///
/// Throws before anything is changed: Error(forbidden_state) where the quarantine folder holds a
/// journal (of a finished repair only if there is something to do), Error(invalid_argument) where
/// it lies inside the dataset, Error(io) where a folder cannot be written. Later: Error(resource |
/// io) for a full disk and its like; the journal then holds what was done. One thread.
ApplyResult apply_repair(const Dataset& dataset, const RepairPlan& plan,
                         const std::string& quarantine, const Progress& progress = {});

}  // namespace yolodata
