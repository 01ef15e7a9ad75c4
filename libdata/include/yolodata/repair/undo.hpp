// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "yolodata/repair/plan.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata {

/// What became of one change of the journal.
struct UndoneChange {
    RepairAction action = RepairAction::rewrite;
    std::string path;       ///< relative to the root
    std::string to;         ///< of a rename: where it lay since
    bool restored = false;  ///< false: it had never been made, or was back already
};

struct UndoResult {
    bool journal = false;      ///< false: there is none, nothing to undo
    std::size_t changes = 0;   ///< that the journal tells of
    std::size_t restored = 0;  ///< of them: brought back now (others were never made, or are back)
    std::vector<UndoneChange> undone;  ///< as far as it came, the last change first
    bool stopped = false;  ///< by the progress callback, between two files; undo again goes on
};

/// Brings back every file that apply_repair() changed, byte for byte, with mode and time, and the
/// times of the folders; then removes the journal, and the quarantine folder if nothing else is in
/// it. May be killed and run again at any moment.
///
/// A file that was edited, removed or put there since the repair is not overwritten: throws
/// Error(forbidden_state) that names it, before anything is changed, unless `force`. Throws
/// Error(corrupt) for a damaged journal, Error(io | resource) where files cannot be written.
UndoResult undo_repair(const std::string& root, const std::string& quarantine, bool force,
                       const Progress& progress = {});

}  // namespace yolodata
