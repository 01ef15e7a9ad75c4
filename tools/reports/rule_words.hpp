// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/rules.hpp"

namespace tools {

/// What Ultralytics does with the object of a finding, as a sentence.
std::string_view verdict_sentence(yolodata::Verdict verdict);
/// What `yolodata repair` would do, as a sentence; empty for Fix::none.
std::string_view fix_sentence(yolodata::Fix fix);

/// The rules that a shell pattern names, in the catalogue's order. Throws UsageError, with the id
/// that was probably meant, where it names none.
std::vector<const yolodata::RuleInfo*> rules_matching(const std::string& pattern);

}  // namespace tools
