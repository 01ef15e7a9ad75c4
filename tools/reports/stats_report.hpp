// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reports/output.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/verify/stats.hpp"

namespace tools {

/// What `yolodata stats` has to say.
struct StatsReport {
    const yolodata::Dataset& dataset;
    const yolodata::DatasetStats& stats;
    std::string root;  ///< as people may read it
    int imgsz = 640;

    /// The classes that are known or used, by id; unused ones too where data.yaml names them.
    std::vector<std::int32_t> classes() const;
    /// A class's name, raw bytes; its number where it has none.
    std::string class_name(std::int32_t cls) const;
};

/// Image sizes, the most frequent first.
std::vector<std::pair<std::pair<int, int>, std::uint64_t>> frequent_sizes(
    const yolodata::SplitStats& stats);
/// Images by how many boxes they have, in at most `bins` ranges of equal length: {first, last} → n.
std::vector<std::pair<std::pair<std::size_t, std::size_t>, std::uint64_t>> box_count_ranges(
    const yolodata::SplitStats& stats, std::size_t bins);
/// "2–4", "1024+" for the bins of an array of lower edges; 1/8 and its like below 1.
std::vector<std::string> bin_names(std::span<const double> edges);

/// schemas/stats.schema.json.
void write_json(const StatsReport& report, Output& out);
void write_text(const StatsReport& report, Output& out);
/// One self-contained page with plots.
void write_html(const StatsReport& report, Output& out);

}  // namespace tools
