// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/finding.hpp"

namespace tools {

/// The name under which a policy stands in a dataset's root.
inline constexpr std::string_view policy_file_name = ".yolodata.yaml";

/// What a dataset's owner decided about rules: the content of .yolodata.yaml.
struct Policy {
    struct SeverityChange {
        std::string rule;                            ///< shell pattern of ids
        std::optional<yolodata::Severity> severity;  ///< nullopt: off, findings are taken out
    };
    struct Exception {
        std::string rule = "*", path = "*";  ///< shell patterns; * also stands for slashes
    };
    std::vector<SeverityChange> severity;  ///< in file order; of several that match, the last holds
    std::vector<Exception> ignore;         ///< both patterns match: the finding is taken out

    /// Changes severities and takes findings out; returns how many were taken out. An exception's
    /// path is compared with a finding's path and with its image.
    std::uint64_t apply(std::vector<yolodata::Finding>& findings) const;
};

/// Parses the text of a .yolodata.yaml (schemas/config.schema.json). Throws UsageError that names
/// `file`, line, column and what was probably meant: for text that is no YAML, unknown keys, rules
/// and severities.
Policy parse_policy(const std::string& text, const std::string& file);

}  // namespace tools
