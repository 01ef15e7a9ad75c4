// SPDX-License-Identifier: Apache-2.0
// Rules on polygons (segment, obb, and detect sets that hold polygons) and on key points.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "label_check.hpp"

namespace yolodata {

namespace {

// A polygon less than this wide, in fractions of the side, has no area: rounding of six digits.
constexpr double no_width = 1e-6;

struct Extent {
    double x1, y1, x2, y2;
};

Extent extent_of(const std::vector<double>& v) {
    Extent e{v[1], v[2], v[1], v[2]};
    for (std::size_t i = 3; i + 1 < v.size(); i += 2) {
        e.x1 = std::min(e.x1, v[i]);
        e.x2 = std::max(e.x2, v[i]);
        e.y1 = std::min(e.y1, v[i + 1]);
        e.y2 = std::max(e.y2, v[i + 1]);
    }
    return e;
}

// Ultralytics looks at the box made from the vertices only.
bool derived_box_passes(const Extent& e) {
    return !far_outside((e.x1 + e.x2) / 2) && !far_outside((e.y1 + e.y2) / 2) &&
           e.x2 - e.x1 <= 1 + coordinate_tolerance && e.y2 - e.y1 <= 1 + coordinate_tolerance;
}

// The vertex farthest from `from`, squared distance.
std::pair<std::size_t, double> farthest(const std::vector<double>& v, std::size_t from) {
    std::pair<std::size_t, double> best{from, 0};
    for (std::size_t i = 1; i + 1 < v.size(); i += 2) {
        const double d = std::pow(v[i] - v[from], 2) + std::pow(v[i + 1] - v[from + 1], 2);
        if (d > best.second) best = {i, d};
    }
    return best;
}

// Largest distance of a vertex from the line through vertices a and b.
double width_beside(const std::vector<double>& v, std::size_t a, std::size_t b, double length) {
    const double dx = (v[b] - v[a]) / length, dy = (v[b + 1] - v[a + 1]) / length;
    double widest = 0;
    for (std::size_t i = 1; i + 1 < v.size(); i += 2)
        widest = std::max(widest, std::abs((v[i] - v[a]) * dy - (v[i + 1] - v[a + 1]) * dx));
    return widest;
}

}  // namespace

void LabelChecker::check_polygon() {
    if (row_is_pixels_) return;
    const bool inside = check_vertices();
    if (!row_.faults.empty() || check_degenerate() || !inside) return;
    const Extent e = extent_of(row_.values);
    check_tiny(e.x2 - e.x1, e.y2 - e.y1, 0, 0);
    check_whole_image(e.x1, e.y1, e.x2, e.y2);
}

// The first vertex beyond the tolerance, else the first more than a pixel outside. False if there
// is one beyond the tolerance.
bool LabelChecker::check_vertices() {
    const auto& v = row_.values;
    std::size_t outside_by_pixels = 0;
    for (std::size_t i = 1; i < v.size(); ++i) {
        if (!sound(i)) continue;
        if (far_outside(v[i])) {
            Finding& finding =
                add("label/out-of-range", i + 1,
                    fmt::format("{} = {} is outside 0…1", name_of(RowKind::polygon, i), quoted(i)));
            if (row_.faults.empty() && derived_box_passes(extent_of(v)))
                finding.verdict = Verdict::uses;
            return false;
        }
        const double px = std::max(-v[i], v[i] - 1) * side_of(RowKind::polygon, i);
        if (outside_by_pixels == 0 && px > 1) outside_by_pixels = i;
    }
    if (outside_by_pixels != 0) {
        const std::size_t i = outside_by_pixels;
        const double px = std::max(-v[i], v[i] - 1) * side_of(RowKind::polygon, i);
        add("label/polygon-outside-image", i + 1,
            fmt::format("{} = {} lies {:.1f} px outside the image", name_of(RowKind::polygon, i),
                        quoted(i), px));
    }
    return true;
}

bool LabelChecker::check_degenerate() {
    const auto& v = row_.values;
    const auto [b, squared] = farthest(v, 1);
    if (squared == 0) {
        add("label/degenerate-polygon", 0, "all vertices are one point");
        return true;
    }
    // From the vertex farthest from the first one, the farthest again: (nearly) the longest axis.
    const auto [a, longest] = farthest(v, b);
    if (width_beside(v, a, b, std::sqrt(longest)) >= no_width) return false;
    add("label/degenerate-polygon", 0, "the vertices lie on one line: no area");
    return true;
}

void LabelChecker::check_keypoints() {
    if (row_is_pixels_) return;
    const auto& v = row_.values;
    const std::size_t dims = context_->keypoints.dims;
    bool far_reported = false, visibility_reported = false;
    for (std::size_t p = 5; p < v.size(); p += dims) {
        bool far = false;
        double px = 0;
        for (const std::size_t i : {p, p + 1}) {
            if (!sound(i)) continue;
            px = std::max(px, std::max(-v[i], v[i] - 1) * side_of(RowKind::pose, i));
            if (!far_outside(v[i])) continue;
            far = true;
            if (!std::exchange(far_reported, true))
                add("label/out-of-range", i + 1,
                    fmt::format("{} = {} is outside 0…1", name_of(RowKind::pose, i), quoted(i)));
        }
        if (far || visibility_reported) continue;
        const std::size_t i = p + dims - 1;
        const bool stated = dims == 3 && sound(i);
        if (stated && v[i] != 0 && v[i] != 1 && v[i] != 2) {
            Finding& finding =
                add("label/keypoint-visibility", i + 1,
                    fmt::format("{} = {} is not 0, 1 or 2", name_of(RowKind::pose, i), quoted(i)));
            if (v[i] < -coordinate_tolerance) finding.verdict = Verdict::drops_image;
            visibility_reported = true;
        } else if (px > 1 && (dims == 2 || (stated && v[i] > 0))) {
            add("label/keypoint-visibility", p + 1,
                fmt::format("key point {} is visible and lies {:.1f} px outside the image",
                            (p - 5) / dims + 1, px));
            visibility_reported = true;
        }
    }
}

}  // namespace yolodata
