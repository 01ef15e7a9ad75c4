// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <nlohmann/json.hpp>

#include "repair/report.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Change;
using yolodata::escape_invalid_utf8;
using Json = nlohmann::ordered_json;

std::string_view RepairReport::status(std::size_t change, std::string& reason) const {
    if (mode == "plan") return "planned";
    for (const yolodata::SkippedChange& skip : skipped)
        if (skip.change == change) {
            reason = skip.reason;
            return "skipped";
        }
    return change < reached ? "done" : "not-done";
}

namespace {

Json change_json(const RepairReport& report, std::size_t index) {
    const Change& change = report.plan.changes[index];
    Json json;
    json["path"] = escape_invalid_utf8(change.path);
    json["action"] = yolodata::to_string(change.action);
    if (!change.to.empty()) json["to"] = escape_invalid_utf8(change.to);
    std::string reason;
    json["status"] = report.status(index, reason);
    if (!reason.empty()) json["reason"] = escape_invalid_utf8(reason);
    if (change.becomes_background) json["becomes_background"] = true;
    json["findings"] = Json::array();
    for (const yolodata::Mend& mend : change.mends) {
        Json finding{{"rule", mend.rule}, {"fix", yolodata::to_string(mend.fix)}};
        if (mend.line != 0) finding["line"] = mend.line;
        finding["message"] = escape_invalid_utf8(mend.message);
        json["findings"].push_back(std::move(finding));
    }
    if (escape_invalid_utf8(change.path) != change.path) json["path_escaped"] = true;
    return json;
}

Json left_json(const yolodata::Left& left) {
    Json json{{"path", escape_invalid_utf8(left.path)}, {"rule", left.rule}};
    if (left.line != 0) json["line"] = left.line;
    json["reason"] = escape_invalid_utf8(left.reason);
    return json;
}

Json summary_json(const RepairReport& report) {
    std::map<std::string_view, std::uint64_t> fixes;
    std::uint64_t findings = 0, backgrounds = 0;
    for (const Change& change : report.plan.changes) {
        findings += change.mends.size();
        backgrounds += change.becomes_background;
        for (const yolodata::Mend& mend : change.mends) ++fixes[yolodata::to_string(mend.fix)];
    }
    Json json{{"changes", report.plan.changes.size()}, {"findings", findings},
              {"becoming_background", backgrounds},    {"left", report.plan.left.size()},
              {"skipped", report.skipped.size()},      {"fixes", Json::object()}};
    for (const auto& [fix, n] : fixes) json["fixes"][std::string(fix)] = n;
    return json;
}

// The members that every document of this command begins with.
Json head(std::string_view schema, std::string_view mode, const yolodata::Dataset& dataset,
          const std::string& root) {
    return {{"schema", schema},
            {"tool", {{"name", "yolodata"}, {"version", YOLO_VERSION}}},
            {"mode", mode},
            {"dataset",
             {{"root", escape_invalid_utf8(root)},
              {"config", dataset.config.empty() ? Json(nullptr)
                                                : Json(escape_invalid_utf8(dataset.config))}}}};
}

}  // namespace

void write_repair_json(const RepairReport& report, Output& out) {
    Json json = head("yolodata.repair/1", report.mode, report.dataset, report.root);
    json["summary"] = summary_json(report);
    json["changes"] = Json::array();
    for (std::size_t i = 0; i < report.plan.changes.size(); ++i)
        json["changes"].push_back(change_json(report, i));
    json["left"] = Json::array();
    for (const yolodata::Left& left : report.plan.left) json["left"].push_back(left_json(left));
    out.write(json.dump(1) + "\n");
}

void write_undo_json(const yolodata::Dataset& dataset, const std::string& root,
                     const yolodata::UndoResult& result, Output& out) {
    Json json = head("yolodata.undo/1", "undo", dataset, root);
    json["summary"] = {{"journal", result.journal},
                       {"changes", result.changes},
                       {"restored", result.restored},
                       {"stopped", result.stopped}};
    json["changes"] = Json::array();
    for (const yolodata::UndoneChange& change : result.undone) {
        Json one{{"path", escape_invalid_utf8(change.path)},
                 {"action", yolodata::to_string(change.action)}};
        if (!change.to.empty()) one["to"] = escape_invalid_utf8(change.to);
        one["status"] = change.restored ? "restored" : "as-it-was";
        if (escape_invalid_utf8(change.path) != change.path) one["path_escaped"] = true;
        json["changes"].push_back(std::move(one));
    }
    out.write(json.dump(1) + "\n");
}

}  // namespace tools
