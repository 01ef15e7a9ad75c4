// SPDX-License-Identifier: Apache-2.0
#include "dataset_facts.hpp"

namespace yolodata {

void apply_dataset_rules(const DatasetFacts& facts, std::vector<Finding>& findings) {
    static constexpr DatasetRule rules[] = {
        rule_orphan,
        rule_split_empty,
    };
    for (const DatasetRule rule : rules) rule(facts, findings);
}

}  // namespace yolodata
