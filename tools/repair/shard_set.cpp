// SPDX-License-Identifier: Apache-2.0
#include "repair/shard_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "reports/output.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/upkeep/mend.hpp"

namespace tools {

namespace {

using Json = nlohmann::ordered_json;
using yolodata::escape_invalid_utf8;
using yolodata::printable;
using yolodata::shard::LostRecord;
using yolodata::shard::MendPlan;
using yolodata::shard::ShardMend;
using Action = ShardMend::Action;

constexpr std::size_t shown_records = 5;

yolodata::shard::CheckProgress progress_of(std::optional<Progress>& line, const char* label,
                                           bool quiet) {
    return [&line, label, quiet](std::uint64_t done, std::uint64_t total) {
        stop_if_interrupted();
        if (!line) line.emplace(label, "records", total, quiet);
        line->update(done);
        return true;
    };
}

/// What came of a plan.
struct Outcome {
    std::string_view mode;             ///< "plan", "apply", "out"
    std::vector<std::string> refused;  ///< shards that could not be made again byte for byte

    std::string_view status(const ShardMend& shard) const {
        if (shard.action == Action::keep) return "whole";
        if (mode == "plan") return "planned";
        if (mode == "apply" && shard.action == Action::drop) return "not-done";
        const bool failed =
            std::find(refused.begin(), refused.end(), shard.listed.file) != refused.end();
        return failed ? "not-done" : "done";
    }
};

std::string_view name_of(Action action) {
    return action == Action::keep ? "keep" : action == Action::rebuild ? "rebuild" : "drop-records";
}

Json lost_json(const LostRecord& record) {
    Json json{{"record", record.number}};
    if (!record.source.empty()) {
        json["source"] = escape_invalid_utf8(record.source);
        if (json["source"].get<std::string>() != record.source) json["source_escaped"] = true;
    }
    json["reason"] = record.reason;
    return json;
}

std::string as_json(const RepairCommand& c, const MendPlan& plan, const Outcome& outcome) {
    Json json{{"schema", "yolodata.repair-shards/1"},
              {"tool", {{"name", "yolodata"}, {"version", YOLO_VERSION}}}};
    json["mode"] = outcome.mode;
    json["set"] = {{"root", escape_invalid_utf8(c.dataset.path)}, {"digest", plan.index.digest}};
    json["summary"] = {{"shards", plan.shards.size()},
                       {"whole", plan.count(Action::keep)},
                       {"rebuild", plan.count(Action::rebuild)},
                       {"drop_records", plan.count(Action::drop)},
                       {"lost_records", plan.lost()}};
    json["shards"] = Json::array();
    for (const ShardMend& shard : plan.shards) {
        if (shard.action == Action::keep) continue;
        Json one{{"file", shard.listed.file},
                 {"split", shard.listed.split},
                 {"action", name_of(shard.action)},
                 {"status", outcome.status(shard)},
                 {"fault", escape_invalid_utf8(shard.fault)},
                 {"whole", shard.whole}};
        one["lost"] = Json::array();
        for (const LostRecord& record : shard.lost) one["lost"].push_back(lost_json(record));
        json["shards"].push_back(std::move(one));
    }
    return json.dump(1) + "\n";
}

std::string as_text(const MendPlan& plan, const Outcome& outcome) {
    std::string text;
    for (const ShardMend& shard : plan.shards) {
        if (shard.action == Action::keep) continue;
        text += fmt::format("{}: {}\n", shard.listed.file, printable(shard.fault));
        if (shard.action == Action::rebuild)
            text +=
                fmt::format("  all {} records are whole: {}\n", shard.whole,
                            outcome.mode == "plan" ? "--apply makes the file anew, byte for byte"
                                                   : outcome.status(shard));
        else
            text += fmt::format("  {} of {} records are lost\n", shard.lost.size(),
                                shard.listed.records);
        for (std::size_t i = 0; i < std::min(shard.lost.size(), shown_records); ++i)
            text += fmt::format(
                "    record {}{}: {}\n", shard.lost[i].number,
                shard.lost[i].source.empty() ? "" : " (" + printable(shard.lost[i].source) + ")",
                shard.lost[i].reason);
        if (shard.lost.size() > shown_records)
            text += fmt::format("    … and {} more\n", shard.lost.size() - shown_records);
    }
    text += fmt::format("{} shards: {} whole, {} to rebuild, {} that lost {} records\n",
                        plan.shards.size(), plan.count(Action::keep), plan.count(Action::rebuild),
                        plan.count(Action::drop), plan.lost());
    if (plan.lost() > 0 && outcome.mode != "out")
        text +=
            "Published shards are never changed: --out DIR writes a set without the lost records.\n"
            "Better, where there is one: copy the shard anew from a whole set, or pack again.\n";
    return text;
}

int mend_set(const RepairCommand& c) {
    std::optional<Progress> line;
    const MendPlan plan =
        yolodata::shard::plan_mend(c.dataset.path, progress_of(line, "check", c.quiet));
    line.reset();
    Outcome outcome{c.apply ? "apply" : !c.out.empty() ? "out" : "plan", {}};
    if (c.apply) outcome.refused = rebuild_shards(plan);
    if (!c.out.empty()) write_mended(plan, c.out, progress_of(line, "copy", c.quiet));
    line.reset();
    Output output(c.output);
    output.write(c.format == "json" ? as_json(c, plan, outcome) : as_text(plan, outcome));
    output.finish();
    for (const std::string& name : outcome.refused)
        fmt::print(stderr,
                   "{}: {}: another version laid it out, so it cannot be made again byte for byte; "
                   "--out DIR keeps its records\n",
                   repair_program, name);
    return c.apply && (plan.lost() > 0 || !outcome.refused.empty()) ? exit_failed : exit_done;
}

}  // namespace

int repair_shard_set(const RepairCommand& c) {
    try {
        return mend_set(c);
    } catch (const Interrupted& stop) {
        // Whatever was begun is undone or complete: files appear by rename, a new set by its
        // index.json.
        return 128 + stop.signal;
    }
}

}  // namespace tools
