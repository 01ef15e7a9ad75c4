// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "yolodata/core/finding.hpp"

namespace yolodata {

/// One rule of the catalogue. An id never changes its meaning.
struct RuleInfo {
    std::string_view id;
    Severity severity;  ///< usual; a finding may be weaker or stronger where the rule says so
    Verdict verdict;    ///< what Ultralytics 8.4.190 usually does
    Fix fix;            ///< usual remedy
    std::string_view summary;  ///< when it holds, one sentence
    std::string_view harm;     ///< why it harms a training
    std::string_view remedy;   ///< what to do about it
};

/// Every rule that is built, sorted by id.
std::span<const RuleInfo> rule_catalogue();
/// nullptr if there is no such rule.
const RuleInfo* find_rule(std::string_view id);

/// A finding with the rule's usual severity, verdict and fix. `rule` must be in the catalogue; the
/// finding's `rule` then points at the catalogue's own text.
Finding make_finding(std::string_view rule, std::string path, std::string message);

/// Shell pattern of * and ? over a rule's id, as --only and --skip take them: "label/*".
bool rule_matches(std::string_view pattern, std::string_view id);

}  // namespace yolodata
