// SPDX-License-Identifier: Apache-2.0
#include "reports/verify_json.hpp"

#include <fmt/format.h>

#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::escape_invalid_utf8;
using yolodata::Finding;

namespace {

Json tool_json() {
    Json json;
    json["name"] = "yolodata";
    json["version"] = YOLO_VERSION;
    return json;
}

Json dataset_json(const VerifyReport& report) {
    const yolodata::Dataset& dataset = report.dataset;
    Json json;
    json["root"] = escape_invalid_utf8(report.root);
    json["config"] =
        dataset.config.empty() ? Json(nullptr) : Json(escape_invalid_utf8(dataset.config));
    json["task"] = yolodata::to_string(dataset.task);
    json["names"] = Json::array();
    for (const std::string& name : dataset.names)
        json["names"].push_back(escape_invalid_utf8(name));
    json["digest"] = report.result.digest;
    return json;
}

}  // namespace

Json head_json(const VerifyReport& report) {
    Json json;
    json["schema"] = "yolodata.report/1";
    json["tool"] = tool_json();
    json["dataset"] = dataset_json(report);
    return json;
}

Json summary_json(const VerifyReport& report) {
    const yolodata::VerifyResult& result = report.result;
    Json json;
    json["images"] = result.images;
    json["labels"] = result.labels;
    json["rows"] = result.rows;
    json["backgrounds"] = result.backgrounds;
    json["unusable_images"] = result.unusable_images;
    json["bytes"] = result.bytes;
    json["errors"] = report.count(yolodata::Severity::error);
    json["warnings"] = report.count(yolodata::Severity::warning);
    json["infos"] = report.count(yolodata::Severity::info);
    if (report.known) json["known"] = *report.known;
    if (report.ignored) json["ignored"] = *report.ignored;
    json["rules"] = Json::object();
    for (const auto& [rule, n] : report.count_by_rule()) json["rules"][std::string(rule)] = n;
    json["seconds"] = report.seconds;
    json["images_per_second"] = report.images_per_second();
    json["peak_memory_bytes"] = report.peak_memory_bytes;
    return json;
}

Json finding_json(const Finding& finding) {
    Json json;
    bool escaped = false;
    const auto path_text = [&escaped](const std::string& path) {
        std::string text = escape_invalid_utf8(path);
        escaped |= text != path;
        return text;
    };
    json["rule"] = finding.rule;
    json["severity"] = yolodata::to_string(finding.severity);
    json["path"] = path_text(finding.path);
    if (finding.line != 0) json["line"] = finding.line;
    if (finding.column != 0) json["column"] = finding.column;
    if (!finding.image.empty()) json["image"] = path_text(finding.image);
    if (!finding.split.empty()) json["split"] = finding.split;
    json["message"] = escape_invalid_utf8(finding.message);
    json["ultralytics"] = yolodata::to_string(finding.verdict);
    json["fix"] = yolodata::to_string(finding.fix);
    if (!finding.related.empty()) {
        json["related"] = Json::array();
        for (const std::string& path : finding.related) json["related"].push_back(path_text(path));
    }
    if (escaped) json["path_escaped"] = true;
    return json;
}

void write_json(const VerifyReport& report, Output& out) {
    out.write(
        fmt::format("{{\"schema\": \"yolodata.report/1\",\n \"tool\": {},\n \"dataset\": {},\n "
                    "\"summary\": {},\n"
                    " \"findings\": [",
                    tool_json().dump(), dataset_json(report).dump(), summary_json(report).dump()));
    const char* separator = "\n  ";
    for (const Finding& finding : report.result.findings) {
        out.write(separator + finding_json(finding).dump());
        separator = ",\n  ";
    }
    out.write("\n ]}\n");
}

void write_jsonl(const VerifyReport& report, Output& out) {
    const auto line = [&out](const Json& json) {
        out.write(json.dump() + '\n');
        out.flush();
    };
    line(head_json(report));
    for (const Finding& finding : report.result.findings) line(finding_json(finding));
    Json last;
    last["summary"] = summary_json(report);
    line(last);
}

}  // namespace tools
