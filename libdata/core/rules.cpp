// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/rules.hpp"

#include <algorithm>
#include <vector>

#include "rule_tables.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {

namespace {

std::vector<RuleInfo> joined_tables() {
    std::vector<RuleInfo> all;
    for (const std::span<const RuleInfo> table :
         {checksum_rules(), dataset_rules(), image_rules(), label_rules(), shard_rules()})
        all.insert(all.end(), table.begin(), table.end());
    std::sort(all.begin(), all.end(),
              [](const RuleInfo& a, const RuleInfo& b) { return a.id < b.id; });
    return all;
}

}  // namespace

std::span<const RuleInfo> rule_catalogue() {
    static const std::vector<RuleInfo> all = joined_tables();
    return all;
}

const RuleInfo* find_rule(std::string_view id) {
    const auto all = rule_catalogue();
    const auto at = std::lower_bound(
        all.begin(), all.end(), id,
        [](const RuleInfo& rule, std::string_view wanted) { return rule.id < wanted; });
    return at != all.end() && at->id == id ? &*at : nullptr;
}

Finding make_finding(std::string_view rule, std::string path, std::string message) {
    const RuleInfo* info = find_rule(rule);
    if (info == nullptr)
        throw Error(ErrorKind::invalid_argument,
                    "no rule " + std::string(rule) + " in the catalogue");
    Finding finding;
    finding.rule = info->id;
    finding.severity = info->severity;
    finding.verdict = info->verdict;
    finding.fix = info->fix;
    finding.path = std::move(path);
    finding.message = std::move(message);
    return finding;
}

bool rule_matches(std::string_view pattern, std::string_view id) {
    // The classic two-pointer match: on a mismatch, the last * takes one character more.
    std::size_t p = 0, i = 0, star = std::string_view::npos, taken = 0;
    while (i < id.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            taken = i;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == id[i])) {
            ++p;
            ++i;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            i = ++taken;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

}  // namespace yolodata
