// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "repair/report.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Change;
using yolodata::Fix;
using yolodata::printable;

namespace {

constexpr std::size_t shown_a_group = 5;

struct Group {
    std::vector<std::string> places;
    std::set<std::string_view> files;
};

std::string_view meaning(Fix fix) {
    switch (fix) {
        case Fix::clip:
            return "clip to the image";
        case Fix::drop_row:
            return "take the row out";
        case Fix::drop_duplicate:
            return "take the second row out";
        case Fix::append_eoi:
            return "append the end marker";
        case Fix::cut_tail:
            return "cut what lies behind the picture's end";
        case Fix::normalise_pixels:
            return "divide by the image's size";
        case Fix::rename:
            return "rename";
        case Fix::quarantine:
            return "move out of the dataset";
        case Fix::none:
            break;
    }
    return "nothing";
}

std::string plural(std::size_t n, std::string_view noun) {
    return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string place_of(const Change& change, const yolodata::Mend& mend) {
    std::string place = printable(change.path);
    if (mend.line != 0) place += fmt::format(":{}", mend.line);
    if (!change.to.empty()) place += " → " + printable(change.to);
    return place + ": " + printable(mend.message);
}

void write_places(const std::vector<std::string>& places, Output& out) {
    for (std::size_t i = 0; i < std::min(places.size(), shown_a_group); ++i)
        out.write("  " + places[i] + "\n");
    if (places.size() > shown_a_group)
        out.write(fmt::format("  … and {} more\n", places.size() - shown_a_group));
}

void write_groups(const RepairReport& report, Output& out) {
    std::map<std::pair<Fix, std::string_view>, Group> groups;
    for (const Change& change : report.plan.changes)
        for (const yolodata::Mend& mend : change.mends) {
            Group& group = groups[{mend.fix, mend.rule}];
            group.places.push_back(place_of(change, mend));
            group.files.insert(change.path);
        }
    for (const auto& [key, group] : groups) {
        out.write(fmt::format("{} — {} ({} in {}): {}\n", to_string(key.first), key.second,
                              group.places.size(), plural(group.files.size(), "file"),
                              meaning(key.first)));
        write_places(group.places, out);
        out.write("\n");
    }
}

void write_left(const RepairReport& report, Output& out) {
    std::vector<std::string> places;
    for (const yolodata::Left& left : report.plan.left)
        places.push_back(fmt::format("{}{}: {}: {}", printable(left.path),
                                     left.line != 0 ? fmt::format(":{}", left.line) : "", left.rule,
                                     printable(left.reason)));
    if (places.empty()) return;
    out.write(fmt::format("left as it is ({}):\n", places.size()));
    write_places(places, out);
    out.write("\n");
}

void write_end(const RepairReport& report, Output& out) {
    const std::size_t all = report.plan.changes.size();
    const auto emptied = static_cast<std::size_t>(
        std::count_if(report.plan.changes.begin(), report.plan.changes.end(),
                      [](const Change& change) { return change.becomes_background; }));
    if (emptied != 0)
        out.write(fmt::format("{} lose their last row and become background: look at these\n",
                              plural(emptied, "label")));
    if (report.mode == "plan") {
        out.write(all == 0 ? "nothing to mend\n"
                           : fmt::format("{} to change; nothing was changed yet, --apply does it\n",
                                         plural(all, "file")));
        return;
    }
    const std::size_t done = std::min(report.reached, all) - report.skipped.size();
    out.write(fmt::format("{} of {} changed\n", done, plural(all, "file")));
}

}  // namespace

void write_repair_text(const RepairReport& report, Output& out) {
    write_groups(report, out);
    write_left(report, out);
    write_end(report, out);
}

}  // namespace tools
