// SPDX-License-Identifier: Apache-2.0
// What a pass over all pairs leaves behind for the rules that only the whole data set can tell.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "look.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/verify/examine.hpp"

namespace yolodata {

struct PairFacts {
    FileRecord image, label;
    std::uint32_t rows = 0;
    bool dropped = false;  ///< Ultralytics drops the pair or dies of it
    bool background = false;
    bool box_rows = false, polygon_rows = false;
    std::uint64_t label_rows = 0;  ///< LabelOutcome::signature
    Look look;
};

struct DatasetFacts {
    const Dataset& dataset;
    std::vector<PairFacts> pairs;  ///< as dataset.images
    /// Boxes of each class in each split: [split][class]; classes beyond the known ones are left
    /// out.
    std::vector<std::vector<std::uint64_t>> class_boxes = {};

    /// Where findings about a whole split or dataset are reported.
    std::string place() const { return dataset.config.empty() ? "." : dataset.config; }
};

/// Each rule lies in a file of its own and is listed in dataset_rules.cpp.
using DatasetRule = void (*)(const DatasetFacts& facts, std::vector<Finding>& findings);
void apply_dataset_rules(const DatasetFacts& facts, std::vector<Finding>& findings);

void rule_ambiguous_label(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_class_imbalance(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_identical_splits(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_label_path_ambiguous(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_mixed_formats(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_no_labels(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_orphan(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_split_empty(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_stale_cache(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_unlisted_file(const DatasetFacts& facts, std::vector<Finding>& findings);
void rule_unused_class(const DatasetFacts& facts, std::vector<Finding>& findings);

/// None of the split's images can be used (or there is none): said by dataset/split-empty alone.
bool is_empty(const DatasetFacts& facts, const Split& split);

}  // namespace yolodata
