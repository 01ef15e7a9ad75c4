// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "yolodata/core/finding.hpp"

namespace tools {

/// What stays of a finding when rows move and measures change a little: rule, path and the message
/// without numbers, as the JSON report writes them.
std::string finding_key(std::string_view rule, std::string_view path, std::string_view message);
std::string finding_key(const yolodata::Finding& finding);

}  // namespace tools
