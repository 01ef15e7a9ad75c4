// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "reports/stats_report.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::AreaCounts;
using yolodata::SplitStats;

namespace {

constexpr std::size_t bar_width = 40, told_classes = 100, told_sizes = 10;

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// Rows of a name, a bar and a number.
void write_bars(const std::vector<std::pair<std::string, std::uint64_t>>& rows, Output& out) {
    std::uint64_t most = 1;
    for (const auto& row : rows) most = std::max(most, row.second);
    for (const auto& [name, count] : rows) {
        std::string bar;
        for (std::uint64_t i = 0; i < (count * bar_width + most - 1) / most; ++i) bar += "█";
        out.write(fmt::format("  {:>12} {} {}\n", name, bar, count));
    }
}

void write_bins(std::span<const double> edges, std::span<const std::uint64_t> counts, Output& out) {
    const std::vector<std::string> names = bin_names(edges);
    std::vector<std::pair<std::string, std::uint64_t>> rows;
    for (std::size_t i = 0; i < names.size(); ++i) rows.emplace_back(names[i], counts[i]);
    write_bars(rows, out);
}

void write_splits(const StatsReport& report, Output& out) {
    out.write(fmt::format("{:<10} {:>9} {:>9} {:>11} {:>10}\n", "split", "images", "boxes",
                          "backgrounds", "left out"));
    const auto line = [&out](std::string_view name, const SplitStats& stats) {
        out.write(fmt::format("{:<10} {:>9} {:>9} {:>11} {:>10}\n", name, stats.images, stats.boxes,
                              stats.backgrounds, stats.unusable_images));
    };
    for (std::size_t s = 0; s < report.stats.splits.size(); ++s)
        line(report.dataset.splits[s].name, report.stats.splits[s]);
    line("all", report.stats.total);
}

void write_classes(const StatsReport& report, Output& out) {
    out.write(fmt::format("\n{:>6} {:<20}", "class", "name"));
    for (const yolodata::Split& split : report.dataset.splits)
        out.write(fmt::format(" {:>9} {:>9}", split.name, "images"));
    out.write(fmt::format(" {:>9} {:>9} {:>6}\n", "all", "images", "share"));
    const std::vector<std::int32_t> classes = report.classes();
    for (std::size_t i = 0; i < std::min(classes.size(), told_classes); ++i) {
        const std::int32_t cls = classes[i];
        const auto counts = [&](const SplitStats& stats) {
            const auto at = stats.classes.find(cls);
            const auto count = at == stats.classes.end() ? SplitStats::ClassCount{} : at->second;
            out.write(fmt::format(" {:>9} {:>9}", count.boxes, count.images));
            return count.boxes;
        };
        out.write(fmt::format("{:>6} {:<20}", cls, yolodata::printable(report.class_name(cls))));
        for (const SplitStats& stats : report.stats.splits) counts(stats);
        const std::uint64_t boxes = counts(report.stats.total);
        out.write(fmt::format(" {:>5.1f}%\n", share(boxes, report.stats.total.boxes)));
    }
    if (classes.size() > told_classes)
        out.write(fmt::format("  … and {} more (--format json)\n", classes.size() - told_classes));
}

void write_areas(std::string_view where, const AreaCounts& areas, std::uint64_t boxes,
                 Output& out) {
    out.write(
        fmt::format("  {:<12} {:>9} small ({:.1f}%), {} medium ({:.1f}%), {} large "
                    "({:.1f}%)\n",
                    where, areas.small, share(areas.small, boxes), areas.medium,
                    share(areas.medium, boxes), areas.large, share(areas.large, boxes)));
}

void write_centres(const SplitStats& stats, Output& out) {
    constexpr std::string_view shades[] = {" ", "░", "▒", "▓", "█"};
    std::uint64_t most = 1;
    for (const auto& row : stats.centres)
        for (const std::uint64_t count : row) most = std::max(most, count);
    for (const auto& row : stats.centres) {
        std::string line = "  │";
        for (const std::uint64_t count : row) {
            const std::string_view shade = shades[(count * 4 + most - 1) / most];
            line.append(shade).append(shade);
        }
        out.write(line + "│\n");
    }
}

}  // namespace

void write_text(const StatsReport& report, Output& out) {
    const SplitStats& total = report.stats.total;
    write_splits(report, out);
    write_classes(report, out);
    out.write("\nImages by their number of boxes\n");
    std::vector<std::pair<std::string, std::uint64_t>> rows;
    for (const auto& [range, images] : box_count_ranges(total, 15))
        rows.emplace_back(range.first == range.second
                              ? std::to_string(range.first)
                              : fmt::format("{}–{}", range.first, range.second),
                          images);
    write_bars(rows, out);
    out.write("\nBox areas by COCO's limits of 32² and 96² px\n");
    write_areas("in the file", total.source_areas, total.boxes, out);
    write_areas(fmt::format("at {} px", report.imgsz), total.imgsz_areas, total.boxes, out);
    out.write(fmt::format("\nBox sides (√area) at {} px, px\n", report.imgsz));
    write_bins(yolodata::side_edges(), total.sides, out);
    out.write("\nBox width / height\n");
    write_bins(yolodata::aspect_edges(), total.aspects, out);
    out.write("\nWhere box centres lie\n");
    write_centres(total, out);
    out.write("\nImage sizes\n");
    const auto sizes = frequent_sizes(total);
    rows.clear();
    for (std::size_t i = 0; i < std::min(sizes.size(), told_sizes); ++i)
        rows.emplace_back(fmt::format("{}×{}", sizes[i].first.first, sizes[i].first.second),
                          sizes[i].second);
    write_bars(rows, out);
    if (sizes.size() > told_sizes)
        out.write(fmt::format("  … and {} other sizes\n", sizes.size() - told_sizes));
}

}  // namespace tools
