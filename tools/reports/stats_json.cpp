// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "reports/stats_report.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using Json = nlohmann::ordered_json;
using yolodata::escape_invalid_utf8;
using yolodata::SplitStats;

namespace {

constexpr std::size_t told_sizes = 100;

Json dataset_json(const StatsReport& report) {
    const yolodata::Dataset& dataset = report.dataset;
    Json json;
    json["root"] = escape_invalid_utf8(report.root);
    json["config"] =
        dataset.config.empty() ? Json(nullptr) : Json(escape_invalid_utf8(dataset.config));
    json["task"] = to_string(dataset.task);
    json["names"] = Json::array();
    for (const std::string& name : dataset.names)
        json["names"].push_back(escape_invalid_utf8(name));
    return json;
}

Json areas_json(const yolodata::AreaCounts& areas) {
    return {{"small", areas.small}, {"medium", areas.medium}, {"large", areas.large}};
}

template <std::size_t n>
Json bins_json(const std::array<double, n>& edges, const std::array<std::uint64_t, n>& counts) {
    Json bins = Json::array();
    for (std::size_t i = 0; i < n; ++i)
        bins.push_back({{"from", edges[i]},
                        {"to", i + 1 < n ? Json(edges[i + 1]) : Json(nullptr)},
                        {"boxes", counts[i]}});
    return bins;
}

Json classes_json(const StatsReport& report, const SplitStats& stats) {
    Json classes = Json::array();
    for (const std::int32_t cls : report.classes()) {
        const auto at = stats.classes.find(cls);
        const SplitStats::ClassCount count =
            at == stats.classes.end() ? SplitStats::ClassCount{} : at->second;
        classes.push_back({{"class", cls},
                           {"name", escape_invalid_utf8(report.class_name(cls))},
                           {"boxes", count.boxes},
                           {"images", count.images}});
    }
    return classes;
}

Json sizes_json(const SplitStats& stats) {
    Json sizes = Json::array();
    for (const auto& [size, images] : frequent_sizes(stats)) {
        if (sizes.size() == told_sizes) break;
        sizes.push_back({{"width", size.first}, {"height", size.second}, {"images", images}});
    }
    return {{"distinct", stats.image_sizes.size()}, {"most_frequent", std::move(sizes)}};
}

Json stats_json(const StatsReport& report, const SplitStats& stats) {
    Json json;
    json["images"] = stats.images;
    json["backgrounds"] = stats.backgrounds;
    json["unusable_images"] = stats.unusable_images;
    json["boxes"] = stats.boxes;
    json["classes"] = classes_json(report, stats);
    json["boxes_per_image"] = Json::array();
    for (const auto& [boxes, images] : stats.boxes_per_image)
        json["boxes_per_image"].push_back({{"boxes", boxes}, {"images", images}});
    json["box_sizes"] = {{"source", areas_json(stats.source_areas)},
                         {"imgsz", areas_json(stats.imgsz_areas)},
                         {"sides", bins_json(yolodata::side_edges(), stats.sides)}};
    json["aspect_ratios"] = bins_json(yolodata::aspect_edges(), stats.aspects);
    json["centres"] = stats.centres;
    json["image_sizes"] = sizes_json(stats);
    return json;
}

}  // namespace

void write_json(const StatsReport& report, Output& out) {
    Json json;
    json["schema"] = "yolodata.stats/1";
    json["tool"] = {{"name", "yolodata"}, {"version", YOLO_VERSION}};
    json["dataset"] = dataset_json(report);
    json["imgsz"] = report.imgsz;
    json["total"] = stats_json(report, report.stats.total);
    json["splits"] = Json::array();
    for (std::size_t s = 0; s < report.stats.splits.size(); ++s) {
        Json split;
        split["name"] = report.dataset.splits[s].name;
        split.update(stats_json(report, report.stats.splits[s]));
        json["splits"].push_back(std::move(split));
    }
    out.write(json.dump(1) + "\n");
}

}  // namespace tools
