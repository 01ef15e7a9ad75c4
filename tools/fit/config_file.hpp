// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace tools {

/// Keys and values of a flat table in YAML or JSON (which is YAML too), in the file's order. Keys without a
/// value (null) are left out: they mean the default. Throws yolodata::Error(not_found | io) and
/// UsageError, naming the line, for what is no such table.
std::vector<std::pair<std::string, std::string>> read_config(const std::string& path);

}  // namespace tools
