// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

bool is_empty(const DatasetFacts& facts, const Split& split) {
    return std::all_of(split.images.begin(), split.images.end(),
                       [&](std::uint32_t i) { return facts.pairs[i].dropped; });
}

// A split without any image is told when the dataset is opened; here those whose images are all
// dropped.
void rule_split_empty(const DatasetFacts& facts, std::vector<Finding>& findings) {
    for (const Split& split : facts.dataset.splits) {
        if (split.images.empty() || !is_empty(facts, split)) continue;
        findings.push_back(
            make_finding("dataset/split-empty", facts.place(),
                         fmt::format("none of the {} images of the split {} can be used",
                                     split.images.size(), split.name)));
        findings.back().split = split.name;
    }
}

}  // namespace yolodata
