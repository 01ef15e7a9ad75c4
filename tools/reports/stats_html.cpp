// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "reports/page/embedded.hpp"
#include "reports/page/page.hpp"
#include "reports/plot.hpp"
#include "reports/stats_report.hpp"

namespace tools {

using yolodata::AreaCounts;
using yolodata::SplitStats;

namespace {

constexpr std::size_t shown_classes = 60, shown_sizes = 12, shown_ranges = 20;

std::string card(std::string_view name, std::uint64_t number) {
    return fmt::format("<div><dt>{}</dt><dd>{}</dd></div>\n", name, number);
}

void write_plot(const std::string& title, std::string_view note, const std::string& svg,
                Output& out) {
    out.write(fmt::format("<section class=\"plot\"><h3>{}</h3>\n{}", html_text(title), svg));
    if (!note.empty()) out.write(fmt::format("<p class=\"quiet\">{}</p>\n", html_text(note)));
    out.write("</section>\n");
}

void write_bars(const std::string& title, const Bars& bars, Output& out,
                std::string_view note = "") {
    write_plot(title, note, bar_plot(title, bars), out);
}

Bars area_bars(const AreaCounts& areas) {
    return {{"small < 32²", areas.small}, {"medium", areas.medium}, {"large ≥ 96²", areas.large}};
}

Bars bin_bars(std::span<const double> edges, std::span<const std::uint64_t> counts) {
    Bars bars;
    const std::vector<std::string> names = bin_names(edges);
    for (std::size_t i = 0; i < names.size(); ++i) bars.emplace_back(names[i], counts[i]);
    return bars;
}

/// Boxes, or images, of the classes with the most boxes.
void write_classes(const StatsReport& report, const SplitStats& stats, Output& out) {
    std::vector<std::pair<std::int32_t, SplitStats::ClassCount>> classes;
    for (const std::int32_t cls : report.classes()) {
        const auto at = stats.classes.find(cls);
        classes.emplace_back(cls,
                             at == stats.classes.end() ? SplitStats::ClassCount{} : at->second);
    }
    std::stable_sort(classes.begin(), classes.end(),
                     [](const auto& a, const auto& b) { return a.second.boxes > b.second.boxes; });
    std::string note;
    if (classes.size() > shown_classes) {
        note = fmt::format("and {} classes with fewer", classes.size() - shown_classes);
        classes.resize(shown_classes);
    }
    Bars boxes, images;
    for (const auto& [cls, count] : classes) {
        boxes.emplace_back(report.class_name(cls), count.boxes);
        images.emplace_back(report.class_name(cls), count.images);
    }
    write_bars("Boxes of each class", boxes, out, note);
    write_bars("Images with each class", images, out, note);
}

void write_images(const SplitStats& stats, Output& out) {
    Bars counts, sizes;
    for (const auto& [range, images] : box_count_ranges(stats, shown_ranges))
        counts.emplace_back(range.first == range.second
                                ? std::to_string(range.first)
                                : fmt::format("{}–{}", range.first, range.second),
                            images);
    write_bars("Images by their number of boxes", counts, out);
    for (const auto& [size, images] : frequent_sizes(stats))
        if (sizes.size() < shown_sizes)
            sizes.emplace_back(fmt::format("{}×{}", size.first, size.second), images);
    const std::size_t others = stats.image_sizes.size() - sizes.size();
    write_bars("Image sizes, px", sizes, out,
               others > 0 ? fmt::format("and {} other sizes", others) : "");
}

void write_part(const StatsReport& report, const std::string& name, const SplitStats& stats,
                Output& out) {
    out.write(fmt::format("<h2>{}</h2>\n<dl class=\"cards\">\n", html_text(name)));
    out.write(card("images", stats.images) + card("boxes", stats.boxes) +
              card("backgrounds", stats.backgrounds) + card("left out", stats.unusable_images));
    out.write("</dl>\n<div class=\"plots\">\n");
    write_classes(report, stats, out);
    write_images(stats, out);
    write_bars("Box areas in the pictures, px", area_bars(stats.source_areas), out);
    write_bars(fmt::format("Box areas at {} px", report.imgsz), area_bars(stats.imgsz_areas), out);
    write_bars(fmt::format("Box sides (√area) at {} px", report.imgsz),
               bin_bars(yolodata::side_edges(), stats.sides), out);
    write_bars("Box width / height", bin_bars(yolodata::aspect_edges(), stats.aspects), out);
    write_plot("Where box centres lie", "", heat_plot("Where box centres lie", stats.centres), out);
    out.write("</div>\n");
}

}  // namespace

void write_html(const StatsReport& report, Output& out) {
    const auto content = [&report](Output& to) {
        write_part(report, "All images", report.stats.total, to);
        for (std::size_t s = 0; s < report.stats.splits.size(); ++s)
            write_part(report, "Split " + report.dataset.splits[s].name, report.stats.splits[s],
                       to);
    };
    const std::string about =
        fmt::format("{} · task {} · {} class names · yolodata {}",
                    report.dataset.config.empty() ? "no data.yaml" : report.dataset.config,
                    to_string(report.dataset.task), report.dataset.names.size(), YOLO_VERSION);
    write_page(embedded::stats_html,
               {{"TITLE", verbatim(html_text(report.root))},
                {"STYLE", verbatim(embedded::page_css)},
                {"ABOUT", verbatim(html_text(about))},
                {"CONTENT", content}},
               out);
}

}  // namespace tools
