// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

void rule_identical_splits(const DatasetFacts& facts, std::vector<Finding>& findings) {
    const auto& splits = facts.dataset.splits;
    for (std::size_t a = 0; a < splits.size(); ++a) {
        for (std::size_t b = a + 1; b < splits.size(); ++b) {
            if (splits[a].images.empty() || splits[a].images != splits[b].images) continue;
            findings.push_back(
                make_finding("dataset/identical-splits", facts.place(),
                             fmt::format("{} and {} name the same {} images", splits[a].name,
                                         splits[b].name, splits[a].images.size())));
        }
    }
}

}  // namespace yolodata
