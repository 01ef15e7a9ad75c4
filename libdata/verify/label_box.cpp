// SPDX-License-Identifier: Apache-2.0
// Rules on coordinates and boxes.
#include <fmt/format.h>

#include <algorithm>

#include "label_check.hpp"

namespace yolodata {

namespace {

constexpr double smallest_side_px = 2;  // of label/tiny-box, at the training size
constexpr double whole_image_area = 0.995;

}  // namespace

bool LabelChecker::is_coordinate(RowKind kind, std::size_t field) const {
    if (field == 0) return false;
    return kind != RowKind::pose || field < 5 || (field - 5) % context_->keypoints.dims < 2;
}

double LabelChecker::side_of(RowKind kind, std::size_t field) const {
    const bool horizontal = kind == RowKind::pose && field >= 5
                                ? (field - 5) % context_->keypoints.dims == 0
                                : field % 2 == 1;
    return horizontal ? context_->width : context_->height;
}

std::string LabelChecker::name_of(RowKind kind, std::size_t field) const {
    static constexpr std::string_view box_names[] = {"class", "x", "y", "w", "h"};
    if (field < 5 && kind != RowKind::polygon && kind != RowKind::odd_polygon)
        return std::string(box_names[field]);
    if (field == 0) return "class";
    if (kind == RowKind::pose) {
        static constexpr std::string_view parts[] = {"x", "y", "visibility"};
        const std::size_t dims = context_->keypoints.dims;
        return fmt::format("{} of key point {}", parts[(field - 5) % dims], (field - 5) / dims + 1);
    }
    if (kind == RowKind::misfit) return fmt::format("field {}", field + 1);
    return fmt::format("{} of vertex {}", field % 2 == 1 ? "x" : "y", (field + 1) / 2);
}

bool LabelChecker::reads_as_pixels(RowKind kind) const {
    if (context_->width == 0) return false;
    std::size_t over_two = 0;
    for (std::size_t i = 1; i < row_.values.size(); ++i) {
        if (!is_coordinate(kind, i)) continue;
        const double v = row_.values[i];
        if (!(v >= 0 && v <= side_of(kind, i))) return false;  // NaN too
        if (v > 2) ++over_two;
    }
    return over_two >= 2;
}

bool LabelChecker::check_pixels(RowKind kind) {
    for (std::size_t i = 1; i < row_.values.size(); ++i) {
        if (!is_coordinate(kind, i) || !sound(i) || !far_outside(row_.values[i])) continue;
        if (!reads_as_pixels(kind)) return false;
        add("label/pixel-coordinates", i + 1,
            fmt::format("{} = {} reads as pixels of this {}×{} image; divide by its size",
                        name_of(kind, i), quoted(i), context_->width, context_->height));
        return true;
    }
    return false;
}

void LabelChecker::check_box(RowKind kind) {
    bool flagged[5] = {};
    for (std::size_t i = 0; i < 5; ++i) flagged[i] = !sound(i);
    check_box_sizes(kind, flagged);
    if (row_is_pixels_) return;
    check_box_ranges(kind, flagged);
    check_box_edges(flagged);
    if (flagged[1] || flagged[2] || flagged[3] || flagged[4]) return;
    const double x = row_.values[1], y = row_.values[2], w = row_.values[3], h = row_.values[4];
    check_whole_image(x - w / 2, y - h / 2, x + w / 2, y + h / 2);
}

// One finding a row: a box without area is one fault, whether one side or both are missing.
void LabelChecker::check_box_sizes(RowKind kind, bool (&flagged)[5]) {
    std::string message;
    std::size_t column = 0;
    bool drops = false;
    for (const std::size_t i : {std::size_t{3}, std::size_t{4}}) {
        if (flagged[i] || row_.values[i] > 0) continue;
        message +=
            fmt::format("{}{} = {}", message.empty() ? "" : " and ", name_of(kind, i), quoted(i));
        if (column == 0) column = i + 1;
        drops |= row_.values[i] < -coordinate_tolerance;
        flagged[i] = true;
    }
    if (column != 0) {
        Finding& finding = add("label/not-positive-size", column, message + ": not positive");
        if (drops) finding.verdict = Verdict::drops_image;
    }
    if (!row_is_pixels_)
        check_tiny(flagged[3] || far_outside(row_.values[3]) ? 0 : row_.values[3],
                   flagged[4] || far_outside(row_.values[4]) ? 0 : row_.values[4], 4, 5);
}

void LabelChecker::check_box_ranges(RowKind kind, bool (&flagged)[5]) {
    for (std::size_t i = 1; i < 5; ++i) {
        const double v = row_.values[i];
        if (flagged[i] || (v >= -rounding_slack && v <= 1 + rounding_slack)) continue;
        flagged[i] = true;
        if (far_outside(v)) {
            Finding& finding =
                add("label/out-of-range", i + 1,
                    fmt::format("{} = {} is outside 0…1", name_of(kind, i), quoted(i)));
            // Of a pose row Ultralytics tests only the key points against the upper limit.
            if (kind == RowKind::pose && v > 0) finding.verdict = Verdict::uses;
        } else {
            add("label/slightly-out-of-range", i + 1,
                fmt::format("{} = {} is outside 0…1, within the tolerance of {}", name_of(kind, i),
                            quoted(i), coordinate_tolerance));
        }
    }
}

// One finding a row, for the edge that lies farthest outside.
void LabelChecker::check_box_edges(const bool (&flagged)[5]) {
    if (context_->width == 0) return;
    double worst = 1;
    std::string_view edge;
    std::size_t column = 0;
    const auto look = [&](std::string_view name, double outside_px, std::size_t field) {
        if (outside_px <= worst) return;
        worst = outside_px;
        edge = name;
        column = field + 1;
    };
    const auto& v = row_.values;
    if (!flagged[1] && !flagged[3]) {
        look("left", (v[3] / 2 - v[1]) * context_->width, 1);
        look("right", (v[1] + v[3] / 2 - 1) * context_->width, 1);
    }
    if (!flagged[2] && !flagged[4]) {
        look("upper", (v[4] / 2 - v[2]) * context_->height, 2);
        look("lower", (v[2] + v[4] / 2 - 1) * context_->height, 2);
    }
    if (column != 0)
        add("label/box-outside-image", column,
            fmt::format("the {} edge lies {:.1f} px outside the image", edge, worst));
}

// w, h: fractions of the image, 0 = not to be judged.
void LabelChecker::check_tiny(double w, double h, std::size_t width_column,
                              std::size_t height_column) {
    if (context_->width == 0) return;
    const double scale =
        static_cast<double>(context_->imgsz) / std::max(context_->width, context_->height);
    const double w_px = w * context_->width * scale, h_px = h * context_->height * scale;
    const bool narrow = w > 0 && w_px<smallest_side_px, low = h> 0 && h_px < smallest_side_px;
    if (!narrow && !low) return;
    const bool by_width = narrow && (!low || w_px <= h_px);
    add("label/tiny-box", by_width ? width_column : height_column,
        fmt::format("{:.2f} px {} at {} px", by_width ? w_px : h_px, by_width ? "wide" : "high",
                    context_->imgsz));
}

void LabelChecker::check_whole_image(double x1, double y1, double x2, double y2) {
    const double area =
        (std::min(x2, 1.0) - std::max(x1, 0.0)) * (std::min(y2, 1.0) - std::max(y1, 0.0));
    if (area > whole_image_area + 1e-9)  // the sums round
        add("label/whole-image-box", 0,
            fmt::format("the box covers {:.1f} % of the image", area * 100));
}

}  // namespace yolodata
