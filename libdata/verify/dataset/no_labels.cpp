// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

void rule_no_labels(const DatasetFacts& facts, std::vector<Finding>& findings) {
    for (const Split& split : facts.dataset.splits) {
        const bool train = split.name == "train";
        if ((!train && split.name != "val") || is_empty(facts, split)) continue;
        const auto any = [&](auto holds) {
            return std::any_of(split.images.begin(), split.images.end(), holds);
        };
        if (any([&](std::uint32_t i) { return facts.pairs[i].rows > 0; })) continue;
        Finding finding = make_finding(
            "dataset/no-labels", facts.place(),
            fmt::format("the {} images of the split {} have not one label row: nothing to {}",
                        split.images.size(), split.name, train ? "learn" : "measure"));
        finding.split = split.name;
        if (!train) finding.severity = Severity::warning;
        // With empty label files Ultralytics warns and trains on nothing; without any file it
        // stops.
        const bool files = any([&](std::uint32_t i) { return facts.pairs[i].label.read; });
        if (!train || files) finding.verdict = Verdict::uses;
        findings.push_back(std::move(finding));
    }
}

}  // namespace yolodata
