// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/output.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/repair/apply.hpp"
#include "yolodata/repair/plan.hpp"
#include "yolodata/repair/undo.hpp"

namespace tools {

/// A plan and, where it was carried out, what became of it.
struct RepairReport {
    const yolodata::Dataset& dataset;
    const yolodata::RepairPlan& plan;
    std::string root;         ///< as people may read it
    std::string_view mode;    ///< "plan", "apply", "out"
    std::string destination;  ///< the quarantine folder, or the copy
    std::vector<yolodata::SkippedChange> skipped = {};
    std::size_t reached = 0;  ///< changes from here on were not come to

    /// "planned", "done", "skipped", "not-done".
    std::string_view status(std::size_t change, std::string& reason) const;
};

/// schemas/repair.schema.json.
void write_repair_json(const RepairReport& report, Output& out);
/// schemas/undo.schema.json; `root` as people may read it.
void write_undo_json(const yolodata::Dataset& dataset, const std::string& root,
                     const yolodata::UndoResult& result, Output& out);
/// Grouped by remedy and rule, with the first few places of each.
void write_repair_text(const RepairReport& report, Output& out);

}  // namespace tools
