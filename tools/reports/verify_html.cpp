// SPDX-License-Identifier: Apache-2.0
// The report as one page: its data as JSON in the page, shown by page/verify.js.
#include "reports/page/embedded.hpp"

#include <algorithm>
#include "reports/page/page.hpp"
#include "reports/verify_json.hpp"
#include "yolodata/core/rules.hpp"

namespace tools {

using yolodata::Finding;

namespace {

// Findings of one rule that the page holds: more would make it slow, and nobody reads them there.
constexpr std::uint64_t shown_a_rule = 2000;

/// The rules that have findings, errors first, with what people want to know of them.
Json rules_json(const VerifyReport& report) {
    struct Seen {
        yolodata::Severity worst;
        std::uint64_t count;
    };
    std::map<std::string_view, Seen> seen;
    for (const Finding& finding : report.result.findings) {
        Seen& rule = seen.try_emplace(finding.rule, Seen{finding.severity, 0}).first->second;
        rule.worst = std::max(rule.worst, finding.severity);
        ++rule.count;
    }
    Json rules = Json::array();
    for (const auto severity :
         {yolodata::Severity::error, yolodata::Severity::warning, yolodata::Severity::info})
        for (const auto& [id, rule] : seen) {
            const yolodata::RuleInfo* info = yolodata::find_rule(id);
            if (rule.worst != severity || info == nullptr) continue;
            Json json;
            json["id"] = id;
            json["severity"] = to_string(severity);
            json["count"] = rule.count;
            json["summary"] = info->summary;
            json["harm"] = info->harm;
            json["remedy"] = info->remedy;
            rules.push_back(std::move(json));
        }
    return rules;
}

/// Writes the findings as a JSON array; returns how many were left out.
std::uint64_t write_findings(const VerifyReport& report, const Gallery& gallery, Output& out) {
    RowShapes shapes(report.dataset);
    std::map<std::string_view, std::uint64_t> written;
    std::uint64_t left_out = 0;
    const char* separator = "\n";
    for (const Finding& finding : report.result.findings) {
        if (++written[finding.rule] > shown_a_rule) {
            ++left_out;
            continue;
        }
        Json json = finding_json(finding);
        if (const auto thumb = gallery.index_of(finding.image)) {
            json["thumb"] = *thumb;
            if (auto shape = shapes.shape_of(finding); !shape.empty())
                json["shape"] = std::move(shape);
        }
        out.write(separator + script_json(json));
        separator = ",\n";
    }
    return left_out;
}

void write_data(const VerifyReport& report, GalleryOptions options, Output& out) {
    // A shard names its pictures as they were called in the dataset that it was made from: no files
    // of the set, and a crafted name may lead anywhere.
    if (report.shards) options.thumbnails = 0;
    const Gallery gallery(report.dataset, report.result.findings, options);
    out.write("{\"head\":" + script_json(head_json(report)));
    out.write(",\n\"summary\":" + script_json(summary_json(report)));
    out.write(",\n\"rules\":" + script_json(rules_json(report)));
    out.write(",\n\"findings\":[");
    const std::uint64_t left_out = write_findings(report, gallery, out);
    out.write("],\n\"left_out\":" + std::to_string(left_out) + ",\n\"thumbs\":");
    gallery.write(out);
    out.write("}");
}

}  // namespace

void write_html(const VerifyReport& report, const GalleryOptions& options, Output& out) {
    write_page(embedded::verify_html,
               {{"TITLE", verbatim(html_text(report.root))},
                {"STYLE", verbatim(embedded::page_css)},
                {"SCRIPT", verbatim(embedded::verify_js)},
                {"DATA", [&](Output& to) { write_data(report, options, to); }}},
               out);
}

}  // namespace tools
