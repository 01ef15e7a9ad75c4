// SPDX-License-Identifier: Apache-2.0
// What is to be done to one image and its label.
#pragma once

#include <optional>
#include <vector>

#include "place.hpp"
#include "verify/memory_gate.hpp"
#include "yolodata/repair/plan.hpp"
#include "yolodata/verify/examine.hpp"

namespace yolodata {

struct PairPlan {
    std::vector<Mend> quarantine;  ///< not empty: the pair is unusable and is moved away whole
    std::optional<Change> image, label;  ///< what is rewritten
    std::optional<Change> rename;        ///< of the image
    std::vector<Left> left;
    FileRecord image_file, label_file;  ///< as examined
};

/// Plans pairs one after the other. One thread at a time; what it is given must outlive it.
class PairPlanner {
 public:
    PairPlanner(const Dataset& dataset, const RepairOptions& options, const Place& place,
                MemoryGate* gate);
    PairPlan plan(const ImageRef& image);

 private:
    void plan_picture(const ImageRef& image, PairPlan& out);
    void plan_label(const ImageRef& image, PairPlan& out);
    void plan_suffix(const ImageRef& image, PairPlan& out);
    bool is_our_limit(const Finding& finding) const;

    const Dataset& dataset_;
    const RepairOptions& options_;
    const Place& place_;
    Examiner examiner_;
    Examined examined_;
};

/// A change of the file as it was examined.
Change change_of(RepairAction action, const std::string& path, const Place& place,
                 const FileRecord& record);

}  // namespace yolodata
