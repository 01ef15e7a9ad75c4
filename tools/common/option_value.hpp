// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/command_line.hpp"

namespace tools {

/// Sets the option's target from text (locale-free). Throws UsageError naming the option, the value and what
/// is allowed. A vector takes a comma-separated list and appends.
void assign(const Option& option, const std::string& text);

/// The target's present value as --help shows it; empty for an empty string or list.
std::string value_text(const Target& target);

bool is_boolean(const Option& option);
/// "True", "true", "1", "yes", "on" and their opposites; false if the text is none of them.
bool parse_boolean(const std::string& text, bool& value);

std::vector<std::string> split_commas(const std::string& text);

/// The candidate nearest to `name` by edit distance, empty if none is near enough to be meant.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace tools
