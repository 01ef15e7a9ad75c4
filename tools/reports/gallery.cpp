// SPDX-License-Identifier: Apache-2.0
#include "reports/gallery.hpp"

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>

#include "common/interrupt.hpp"
#include "reports/page/page.hpp"
#include "reports/thumbnail.hpp"
#include "yolodata/core/label.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

using yolodata::Finding;
using yolodata::Severity;

namespace {

// A decoded picture and its turned copy, 3 bytes a pixel each, beside the file itself.
constexpr std::uint64_t bytes_a_pixel = 8;
// Larger label files are no rows that a person looks at.
constexpr std::uint64_t max_label_bytes = std::uint64_t{1} << 20;

nlohmann::ordered_json thumbnail_json(const Thumbnail& thumbnail) {
    nlohmann::ordered_json json;
    if (!thumbnail.why.empty()) {
        json["why"] = yolodata::escape_invalid_utf8(thumbnail.why);
        return json;
    }
    json["width"] = thumbnail.width;
    json["height"] = thumbnail.height;
    json["shown_width"] = thumbnail.shown_width;
    json["shown_height"] = thumbnail.shown_height;
    json["src"] = thumbnail.src;
    return json;
}

}  // namespace

Gallery::Gallery(const yolodata::Dataset& dataset, const std::vector<Finding>& findings,
                 const GalleryOptions& options)
    : dataset_(dataset), options_(options) {
    std::map<std::string_view, std::size_t> rules;
    for (const Finding& finding : findings)
        if (!finding.image.empty()) ++rules[finding.rule];
    if (rules.empty() || options.thumbnails == 0) return;
    choose(findings, std::max<std::size_t>(1, options.thumbnails / rules.size()));
    choose(findings, options.thumbnails);
}

void Gallery::choose(const std::vector<Finding>& findings, std::size_t a_rule) {
    std::map<std::string_view, std::size_t> chosen;
    for (const Severity severity : {Severity::error, Severity::warning, Severity::info})
        for (const Finding& finding : findings) {
            if (images_.size() == options_.thumbnails) return;
            if (finding.severity != severity || finding.image.empty()) continue;
            std::size_t& of_rule = chosen[finding.rule];
            if (of_rule == a_rule || index_.contains(finding.image)) continue;
            ++of_rule;
            index_.emplace(finding.image, images_.size());
            images_.push_back(finding.image);
        }
}

std::optional<std::size_t> Gallery::index_of(std::string_view image) const {
    const auto at = index_.find(image);
    return at == index_.end() ? std::nullopt : std::optional(at->second);
}

void Gallery::write(Output& out) const {
    const yolodata::Folder folder(dataset_.root);
    const auto jobs = static_cast<std::size_t>(options_.jobs);
    const std::uint64_t share = options_.max_memory / jobs;
    const std::uint64_t limit = options_.max_pixels == 0 ? yolodata::no_limit : options_.max_pixels;
    const auto picture = [&](std::string_view image) {
        std::vector<std::byte> bytes;
        const yolodata::ReadResult read = folder.read(std::string(image), bytes, share);
        if (read) return make_thumbnail(bytes, std::min(limit, share / bytes_a_pixel));
        Thumbnail none;
        none.why = read.reason();
        return none;
    };
    tbb::task_arena arena(options_.jobs);
    out.write("[");
    for (std::size_t first = 0; first < images_.size(); first += jobs) {
        stop_if_interrupted();
        std::vector<Thumbnail> some(std::min(jobs, images_.size() - first));
        arena.execute([&] {
            tbb::parallel_for(std::size_t{0}, some.size(),
                              [&](std::size_t i) { some[i] = picture(images_[first + i]); });
        });
        for (std::size_t i = 0; i < some.size(); ++i)
            out.write((first + i == 0 ? "\n" : ",\n") + script_json(thumbnail_json(some[i])));
    }
    out.write("]");
}

RowShapes::RowShapes(const yolodata::Dataset& dataset) : dataset_(dataset), folder_(dataset.root) {}

void RowShapes::load(const std::string& label) {
    label_ = label;
    rows_.clear();
    std::vector<std::byte> bytes;
    if (!folder_.read(label, bytes, max_label_bytes)) return;
    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with(yolodata::utf8_bom)) text.remove_prefix(yolodata::utf8_bom.size());
    yolodata::LabelReader reader(text);
    for (yolodata::LabelRow row; reader.next(row);)
        if (!row.blank) rows_[row.line] = std::move(row.values);
}

std::vector<double> RowShapes::shape_of(const Finding& finding) {
    if (finding.line == 0 || !finding.rule.starts_with("label/")) return {};
    if (label_ != finding.path) load(finding.path);
    const auto row = rows_.find(finding.line);
    if (row == rows_.end() || row->second.size() < 5) return {};
    std::vector<double> numbers(row->second.begin() + 1, row->second.end());
    if (dataset_.task == yolodata::Task::pose) numbers.resize(4);
    numbers.resize(numbers.size() / 2 * 2);
    const bool finite = std::all_of(numbers.begin(), numbers.end(),
                                    [](double number) { return std::isfinite(number); });
    return finite ? numbers : std::vector<double>();
}

}  // namespace tools
