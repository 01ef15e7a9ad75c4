// SPDX-License-Identifier: Apache-2.0
#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

void rule_orphan(const DatasetFacts& facts, std::vector<Finding>& findings) {
    for (const std::string& label : facts.dataset.orphan_labels)
        findings.push_back(make_finding("label/orphan", label, "no image belongs to this label"));
}

}  // namespace yolodata
