// SPDX-License-Identifier: Apache-2.0
#include "reports/baseline.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "reports/finding_key.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
    throw yolodata::Error(
        yolodata::ErrorKind::corrupt,
        fmt::format("--baseline {}: {}; make one with yolodata verify --format json --output FILE",
                    yolodata::printable(path), yolodata::printable(why)));
}

}  // namespace

Baseline::Baseline(const std::string& path) {
    const std::string text = yolodata::read_text_file(path);
    try {
        const auto report = nlohmann::json::parse(text);
        if (!report.is_object() || report.value("schema", "") != "yolodata.report/1")
            refuse(path, "is no JSON report of yolodata verify");
        for (const auto& finding : report.at("findings"))
            ++known_[finding_key(finding.at("rule").get_ref<const std::string&>(),
                                 finding.at("path").get_ref<const std::string&>(),
                                 finding.at("message").get_ref<const std::string&>())];
    } catch (const nlohmann::json::exception& error) {
        refuse(path, fmt::format("cannot be read as a JSON report ({})", error.what()));
    }
}

std::uint64_t Baseline::remove_known(std::vector<yolodata::Finding>& findings) const {
    auto left = known_;
    return std::erase_if(findings, [&left](const yolodata::Finding& finding) {
        const auto at = left.find(finding_key(finding));
        if (at == left.end() || at->second == 0) return false;
        --at->second;
        return true;
    });
}

}  // namespace tools
