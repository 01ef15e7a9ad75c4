// SPDX-License-Identifier: Apache-2.0
#include "dataset_facts.hpp"

namespace yolodata {

void apply_dataset_rules(const DatasetFacts& facts, std::vector<Finding>& findings) {
    static constexpr DatasetRule rules[] = {
        rule_ambiguous_label,  rule_class_imbalance,
        rule_identical_splits, rule_label_path_ambiguous,
        rule_mixed_formats,    rule_no_labels,
        rule_orphan,           rule_split_empty,
        rule_stale_cache,      rule_unlisted_file,
        rule_unused_class,
    };
    for (const DatasetRule rule : rules) rule(facts, findings);
}

}  // namespace yolodata
