// SPDX-License-Identifier: Apache-2.0
#include "reports/stats_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace tools {

std::vector<std::int32_t> StatsReport::classes() const {
    std::set<std::int32_t> ids;
    for (std::uint32_t i = 0; i < dataset.class_count.value_or(0); ++i)
        ids.insert(static_cast<std::int32_t>(i));
    for (const auto& [cls, count] : stats.total.classes) ids.insert(cls);
    return {ids.begin(), ids.end()};
}

std::string StatsReport::class_name(std::int32_t cls) const {
    const auto i = static_cast<std::size_t>(cls);
    return cls >= 0 && i < dataset.names.size() ? dataset.names[i] : std::to_string(cls);
}

std::vector<std::pair<std::pair<int, int>, std::uint64_t>> frequent_sizes(
    const yolodata::SplitStats& stats) {
    std::vector<std::pair<std::pair<int, int>, std::uint64_t>> sizes(stats.image_sizes.begin(),
                                                                     stats.image_sizes.end());
    std::stable_sort(sizes.begin(), sizes.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return sizes;
}

std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::uint64_t>> box_count_ranges(
    const yolodata::SplitStats& stats, std::size_t bins) {
    std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::uint64_t>> ranges;
    if (stats.boxes_per_image.empty()) return ranges;
    const std::size_t values = stats.boxes_per_image.rbegin()->first + 1;
    const std::size_t step = (values + bins - 1) / bins;
    for (std::size_t first = 0; first < values; first += step)
        ranges.push_back({{first, first + step - 1}, 0});
    for (const auto& [boxes, images] : stats.boxes_per_image) ranges[boxes / step].second += images;
    return ranges;
}

std::vector<std::string> bin_names(std::span<const double> edges) {
    const auto name = [](double edge) {
        return edge > 0 && edge < 1 ? fmt::format("1/{:.0f}", 1 / edge)
                                    : fmt::format("{:.0f}", edge);
    };
    std::vector<std::string> names;
    for (std::size_t i = 0; i < edges.size(); ++i)
        names.push_back(i + 1 < edges.size()
                            ? fmt::format("{}–{}", name(edges[i]), name(edges[i + 1]))
                            : name(edges[i]) + "+");
    return names;
}

}  // namespace tools
