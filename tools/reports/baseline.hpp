// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "yolodata/core/finding.hpp"

namespace tools {

/// The findings of an earlier JSON report: they are known and need not be told again.
class Baseline {
 public:
    /// Throws yolodata::Error(not_found | io | corrupt): no such file, or no JSON report of verify.
    explicit Baseline(const std::string& path);

    /// Takes out what the report holds (finding_key) and returns how many these were. Where a file
    /// has more findings of one kind than the report, the rest stays.
    std::uint64_t remove_known(std::vector<yolodata::Finding>& findings) const;

 private:
    std::unordered_map<std::string, std::uint64_t> known_;  ///< key → how many
};

}  // namespace tools
