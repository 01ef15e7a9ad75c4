// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "reports/verify_report.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Finding;
using yolodata::printable;
using yolodata::Severity;

namespace {

constexpr std::size_t shown_a_rule = 5;

/// The findings of one rule at one severity.
struct Group {
    std::string_view rule;
    Severity severity;
    std::vector<const Finding*> findings;
};

std::vector<Group> group(const std::vector<Finding>& findings) {
    std::map<std::pair<int, std::string_view>, Group> groups;  // errors first, then by rule
    for (const Finding& finding : findings) {
        Group& g = groups[{-static_cast<int>(finding.severity), finding.rule}];
        g.rule = finding.rule;
        g.severity = finding.severity;
        g.findings.push_back(&finding);
    }
    std::vector<Group> sorted;
    for (auto& [key, g] : groups) sorted.push_back(std::move(g));
    return sorted;
}

std::string painted(std::string_view text, Severity severity, bool colour) {
    if (!colour) return std::string(text);
    const int code = severity == Severity::error ? 31 : severity == Severity::warning ? 33 : 36;
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::string place_of(const Finding& finding) {
    std::string place = printable(finding.path);
    if (finding.line != 0) place += fmt::format(":{}", finding.line);
    if (finding.line != 0 && finding.column != 0) place += fmt::format(":{}", finding.column);
    return place;
}

std::string size_text(std::uint64_t bytes) {
    if (bytes < 1'000'000) return fmt::format("{:.1f} kB", static_cast<double>(bytes) / 1e3);
    if (bytes < 1'000'000'000) return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
    return fmt::format("{:.2f} GB", static_cast<double>(bytes) / 1e9);
}

std::string plural(std::uint64_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

void write_group(const Group& g, bool colour, Output& out) {
    const yolodata::RuleInfo* info = yolodata::find_rule(g.rule);
    out.write(fmt::format("{} {} ({}): {}\n", painted(to_string(g.severity), g.severity, colour),
                          g.rule, g.findings.size(), info != nullptr ? info->summary : ""));
    for (std::size_t i = 0; i < std::min(g.findings.size(), shown_a_rule); ++i)
        out.write(
            fmt::format("  {}: {}\n", place_of(*g.findings[i]), printable(g.findings[i]->message)));
    if (g.findings.size() > shown_a_rule)
        out.write(fmt::format("  … and {} more\n", g.findings.size() - shown_a_rule));
    if (info != nullptr && g.severity != Severity::info)
        out.write(fmt::format("  → {}\n", info->remedy));
    out.write("\n");
}

}  // namespace

void write_text(const VerifyReport& report, Output& out) {
    const bool colour = out.wants_colour();
    for (const Group& g : group(report.result.findings)) write_group(g, colour, out);
    const yolodata::VerifyResult& result = report.result;
    if (report.shards)
        out.write(fmt::format("{} with {}, {}; {} that cannot be read\n",
                              plural(result.images, "record"), plural(result.rows, "row"),
                              plural(result.backgrounds, "background"), result.unusable_images));
    else
        out.write(fmt::format("{}, {} with {}, {}; {} that Ultralytics would drop\n",
                              plural(result.images, "image"), plural(result.labels, "label"),
                              plural(result.rows, "row"), plural(result.backgrounds, "background"),
                              plural(result.unusable_images, "image")));
    if (!result.digest.empty())
        out.write(fmt::format("{} in {:.2f} s ({:.0f} images/s), {}\n", size_text(result.bytes),
                              report.seconds, report.images_per_second(), result.digest));
    if (report.ignored.value_or(0) > 0)
        out.write(
            fmt::format("left out by .yolodata.yaml: {}\n", plural(*report.ignored, "finding")));
    if (report.known)
        out.write(fmt::format("known from the baseline: {}\n", plural(*report.known, "finding")));
    const auto errors = report.count(Severity::error), warnings = report.count(Severity::warning);
    const Severity worst = errors > 0     ? Severity::error
                           : warnings > 0 ? Severity::warning
                                          : Severity::info;
    out.write(
        painted(fmt::format("{}, {}, {}", plural(errors, "error"), plural(warnings, "warning"),
                            plural(report.count(Severity::info), "info")),
                worst, colour) +
        "\n");
}

}  // namespace tools
