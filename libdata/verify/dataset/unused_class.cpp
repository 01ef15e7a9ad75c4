// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "../dataset_facts.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::size_t max_named = 10;

std::string list_of(const std::vector<std::size_t>& classes,
                    const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < std::min(classes.size(), max_named); ++i) {
        if (i > 0) text += ", ";
        text += std::to_string(classes[i]);
        if (classes[i] < names.size()) text += " " + printable(names[classes[i]]);
    }
    if (classes.size() > max_named) text += fmt::format(" and {} more", classes.size() - max_named);
    return text;
}

}  // namespace

// One finding for the classes that another split measures, one for those that no split has.
void rule_unused_class(const DatasetFacts& facts, std::vector<Finding>& findings) {
    const auto& splits = facts.dataset.splits;
    const Split* train = facts.dataset.find_split("train");
    if (train == nullptr || train->images.empty()) return;
    const auto& in_train = facts.class_boxes[static_cast<std::size_t>(train - splits.data())];
    std::vector<std::size_t> nowhere, elsewhere;
    for (std::size_t cls = 0; cls < in_train.size(); ++cls) {
        if (in_train[cls] > 0) continue;
        const bool used = std::any_of(facts.class_boxes.begin(), facts.class_boxes.end(),
                                      [cls](const auto& boxes) { return boxes[cls] > 0; });
        (used ? elsewhere : nowhere).push_back(cls);
    }
    const auto add = [&](const std::vector<std::size_t>& classes, Severity severity,
                         std::string_view where) {
        if (classes.empty()) return;
        findings.push_back(
            make_finding("dataset/unused-class", facts.place(),
                         fmt::format("{}: {} {}", list_of(classes, facts.dataset.names),
                                     "no box in the split train", where)));
        findings.back().severity = severity;
    };
    add(elsewhere, Severity::warning, "although another split has it");
    add(nowhere, Severity::info, "nor in any other");
}

}  // namespace yolodata
