// SPDX-License-Identifier: Apache-2.0
#include "reports/verify_report.hpp"

namespace tools {

std::uint64_t VerifyReport::count(yolodata::Severity severity) const {
    std::uint64_t n = 0;
    for (const yolodata::Finding& finding : result.findings) n += finding.severity == severity;
    return n;
}

std::map<std::string_view, std::uint64_t> VerifyReport::count_by_rule() const {
    std::map<std::string_view, std::uint64_t> counts;
    for (const yolodata::Finding& finding : result.findings) ++counts[finding.rule];
    return counts;
}

}  // namespace tools
