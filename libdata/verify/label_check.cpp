// SPDX-License-Identifier: Apache-2.0
#include "label_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

// A row of a thousand words is one accident, not a thousand.
constexpr std::size_t max_faults_a_row = 8;

std::uint64_t hash_of(const float* numbers, std::size_t n) {
    std::uint64_t h = n;
    for (std::size_t i = 0; i < n; ++i) {
        h = (h ^ std::bit_cast<std::uint32_t>(numbers[i])) * 0x9E3779B97F4A7C15u;
        h ^= h >> 29;
    }
    return h;
}

// Ultralytics makes a polygon's box from its extreme vertices.
Box box_of_polygon(std::int32_t cls, const float* xy, std::size_t n) {
    float x1 = xy[0], x2 = xy[0], y1 = xy[1], y2 = xy[1];
    for (std::size_t i = 2; i + 1 < n; i += 2) {
        x1 = std::min(x1, xy[i]);
        x2 = std::max(x2, xy[i]);
        y1 = std::min(y1, xy[i + 1]);
        y2 = std::max(y2, xy[i + 1]);
    }
    return {cls, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1};
}

}  // namespace

void LabelOutcome::clear() {
    rows = box_rows = polygon_rows = 0;
    boxes.clear();
    geometry.clear();
    classes.clear();
    findings.clear();
    drops_image = false;
    signature = 0;
}

void LabelChecker::check(std::span<const std::byte> bytes, const LabelContext& context,
                         LabelOutcome& out) {
    context_ = &context;
    out_ = &out;
    out.clear();
    kept_.clear();
    numbers_.clear();
    row_boxes_.clear();
    row_.line = 0;
    first_box_line_ = first_polygon_line_ = 0;

    std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (const EncodingFault fault = find_encoding_fault(text)) {
        add("label/encoding", 0, fmt::format("{} at byte {}", fault.what, fault.offset + 1));
        out.drops_image = true;
        return;
    }
    if (text.starts_with(utf8_bom)) {
        text.remove_prefix(utf8_bom.size());
        add("label/bom", 0, "begins with a UTF-8 byte-order mark");
    }
    check_rows(text);
    if (out.rows == 0) {
        row_.line = 0;
        add("label/empty", 0, text.empty() ? "is empty: background" : "holds no row: background");
        return;
    }
    check_mixed_formats();
    find_duplicates();
    find_overlaps();
    out.drops_image = std::any_of(out.findings.begin(), out.findings.end(), [](const Finding& f) {
        return f.verdict == Verdict::drops_image;
    });
    for (std::size_t i = 0; i < kept_.size(); ++i) {
        if (kept_[i].duplicate) continue;
        out.signature += kept_[i].hash | 1;
        if (row_boxes_[i].cls >= 0) out.classes.push_back(row_boxes_[i].cls);
        if (out.drops_image) continue;
        out.boxes.push_back(row_boxes_[i]);
        if (context.task != Task::detect) keep_geometry(kept_[i]);
    }
    if (out.geometry.vertices.empty()) out.geometry.vertex_counts.clear();
}

void LabelChecker::check_rows(std::string_view text) {
    LabelReader reader(text);
    blank_lines_.clear();
    while (reader.next(row_)) {
        if (row_.blank) {
            // Only between rows: Ultralytics strips the ends of the text.
            if (out_->rows > 0) blank_lines_.push_back(row_.line);
            continue;
        }
        const std::uint32_t line = row_.line;
        for (const std::uint32_t blank : blank_lines_) {
            row_.line = blank;
            add("label/blank-row", 0, "a row of white space only");
        }
        blank_lines_.clear();
        row_.line = line;
        ++out_->rows;
        check_row();
    }
}

RowKind LabelChecker::kind_of(std::size_t fields) const {
    if (context_->task == Task::pose) {
        const std::size_t wanted =
            5 + std::size_t{context_->keypoints.points} * context_->keypoints.dims;
        return fields == wanted ? RowKind::pose : RowKind::misfit;
    }
    if (fields == 5) return RowKind::box;
    if (fields <= 6) return RowKind::misfit;
    return fields % 2 == 1 ? RowKind::polygon : RowKind::odd_polygon;
}

void LabelChecker::check_row() {
    const RowKind kind = kind_of(row_.values.size());
    if (kind == RowKind::box) {
        ++out_->box_rows;
        if (first_box_line_ == 0) first_box_line_ = row_.line;
    } else if (kind == RowKind::polygon || kind == RowKind::odd_polygon) {
        ++out_->polygon_rows;
        if (first_polygon_line_ == 0) first_polygon_line_ = row_.line;
    }
    const bool all_numbers = std::none_of(
        row_.faults.begin(), row_.faults.end(),
        [](const LabelRow::Fault& fault) { return fault.kind == FieldFault::not_a_number; });
    check_faults(kind);
    if (kind == RowKind::misfit) {
        if (all_numbers) {
            const std::string wanted =
                context_->task == Task::pose
                    ? fmt::format(
                          "5 + {}·{} = {}", context_->keypoints.points, context_->keypoints.dims,
                          5 + std::size_t{context_->keypoints.points} * context_->keypoints.dims)
                    : "5 (class x y w h), or a polygon of 3 or more vertices";
            add("label/column-count", 0,
                fmt::format("{} fields instead of {}", row_.values.size(), wanted));
        }
        return;
    }
    if (kind == RowKind::odd_polygon && !all_numbers) return;
    check_class();
    row_is_pixels_ = kind != RowKind::odd_polygon && check_pixels(kind);
    switch (kind) {
        case RowKind::box:
            check_box(kind);
            break;
        case RowKind::polygon:
            check_polygon();
            break;
        case RowKind::pose:
            check_box(kind);
            check_keypoints();
            break;
        case RowKind::odd_polygon:
            add("label/odd-polygon", 0,
                fmt::format("{} coordinates: the last vertex is not complete",
                            row_.values.size() - 1));
            return;
        case RowKind::misfit:
            return;
    }
    if (row_.faults.empty()) keep(kind);
}

void LabelChecker::check_faults(RowKind kind) {
    std::size_t reported = 0;
    for (const LabelRow::Fault& fault : row_.faults) {
        if (++reported > max_faults_a_row) break;
        const std::string more =
            reported == max_faults_a_row && row_.faults.size() > reported
                ? fmt::format(" (and {} more in this row)", row_.faults.size() - reported)
                : "";
        if (fault.kind == FieldFault::not_a_number) {
            add("label/not-a-number", fault.field + 1,
                fmt::format("\"{}\" is no number{}", quoted(fault.field), more));
        } else {
            add("label/not-finite", fault.field + 1,
                fmt::format("{} = {} is not finite{}", name_of(kind, fault.field),
                            quoted(fault.field), more));
        }
    }
}

void LabelChecker::check_class() {
    row_class_fits_ = false;
    if (!sound(0)) return;
    const double cls = row_.values[0];
    if (cls != std::floor(cls)) {
        add("label/class-not-integer", 1, fmt::format("class {} is no whole number", quoted(0)));
    } else if (cls < 0) {
        add("label/class-out-of-range", 1, fmt::format("class {} is negative", quoted(0)));
    } else if (context_->class_count && cls >= *context_->class_count) {
        add("label/class-out-of-range", 1,
            fmt::format("class {} is not one of the {} classes, 0 to {}", quoted(0),
                        *context_->class_count, *context_->class_count - 1));
    } else if (cls > std::numeric_limits<std::int32_t>::max()) {
        add("label/class-out-of-range", 1, fmt::format("class {} is no class id", quoted(0)));
    } else {
        row_class_fits_ = true;
    }
}

void LabelChecker::check_mixed_formats() {
    if (context_->task == Task::pose || first_box_line_ == 0 || first_polygon_line_ == 0) return;
    row_.line = std::max(first_box_line_, first_polygon_line_);
    const bool polygon_second = first_polygon_line_ > first_box_line_;
    add("label/mixed-formats", 0,
        fmt::format("a {} here, a {} in line {}", polygon_second ? "polygon" : "box",
                    polygon_second ? "box" : "polygon",
                    std::min(first_box_line_, first_polygon_line_)));
}

void LabelChecker::keep(RowKind kind) {
    const auto first = static_cast<std::uint32_t>(numbers_.size());
    // + 0: −0 and 0 are the same number and must hash alike.
    for (const double v : row_.values) numbers_.push_back(static_cast<float>(v) + 0.0f);
    const auto count = static_cast<std::uint32_t>(row_.values.size());
    const float* numbers = numbers_.data() + first;
    kept_.push_back({hash_of(numbers, count), row_.line, first, count, kind, false});
    const std::int32_t cls = row_class_fits_ ? static_cast<std::int32_t>(row_.values[0]) : -1;
    row_boxes_.push_back(kind == RowKind::polygon
                             ? box_of_polygon(cls, numbers + 1, count - 1)
                             : Box{cls, numbers[1], numbers[2], numbers[3], numbers[4]});
}

void LabelChecker::keep_geometry(const Kept& row) {
    Geometry& geometry = out_->geometry;
    const auto numbers = numbers_.begin() + row.first;
    if (row.kind == RowKind::pose) {
        geometry.keypoints = context_->keypoints.points;
        geometry.keypoint_dims = context_->keypoints.dims;
        geometry.keypoint_values.insert(geometry.keypoint_values.end(), numbers + 5,
                                        numbers + row.count);
        return;
    }
    const bool polygon = row.kind == RowKind::polygon;
    geometry.vertex_counts.push_back(polygon ? (row.count - 1) / 2 : 0);
    if (polygon)
        geometry.vertices.insert(geometry.vertices.end(), numbers + 1, numbers + row.count);
}

bool LabelChecker::sound(std::size_t field) const {
    return std::isfinite(row_.values[field]);
}

std::string LabelChecker::quoted(std::size_t field) const {
    constexpr std::size_t longest = 32;
    const std::string_view text = row_.field(field);
    return text.size() <= longest ? printable(text) : printable(text.substr(0, longest)) + "…";
}

Finding& LabelChecker::add(std::string_view rule, std::size_t column, std::string message) {
    Finding finding = make_finding(rule, {}, std::move(message));
    finding.line = row_.line;
    finding.column = static_cast<std::uint32_t>(column);
    out_->findings.push_back(std::move(finding));
    return out_->findings.back();
}

}  // namespace yolodata
