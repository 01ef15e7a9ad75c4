// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::uint64_t most_times = 50;

std::string named(std::size_t cls, const std::vector<std::string>& names) {
    return cls < names.size() ? fmt::format("{} {}", cls, printable(names[cls]))
                              : std::to_string(cls);
}

}  // namespace

void rule_class_imbalance(const DatasetFacts& facts, std::vector<Finding>& findings) {
    const Split* train = facts.dataset.find_split("train");
    if (train == nullptr) return;
    const auto& boxes =
        facts.class_boxes[static_cast<std::size_t>(train - facts.dataset.splits.data())];
    std::size_t most = 0, least = boxes.size();
    for (std::size_t cls = 0; cls < boxes.size(); ++cls) {
        if (boxes[cls] > boxes[most]) most = cls;
        if (boxes[cls] > 0 && (least == boxes.size() || boxes[cls] < boxes[least])) least = cls;
    }
    if (least == boxes.size() || boxes[most] <= most_times * boxes[least]) return;
    findings.push_back(
        make_finding("dataset/class-imbalance", facts.place(),
                     fmt::format("class {} has {} boxes in the split train, class {} has {}",
                                 named(most, facts.dataset.names), boxes[most],
                                 named(least, facts.dataset.names), boxes[least])));
}

}  // namespace yolodata
