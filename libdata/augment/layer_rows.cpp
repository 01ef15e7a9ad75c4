// SPDX-License-Identifier: Apache-2.0
#include "layer_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "render_rows.hpp"
#include "yolodata/augment/mosaic.hpp"

namespace yolodata {
namespace {

constexpr int coordinate_bits = 10, fraction_bits = 5;
constexpr double coordinate_scale = 1 << coordinate_bits;
constexpr int to_fraction = coordinate_bits - fraction_bits;  // 1/1024 px to 1/32 px
constexpr int rounding = 1 << (to_fraction - 1);
constexpr int fraction_mask = (1 << fraction_bits) - 1;

constexpr std::uint8_t padding_pixel[3] = {padding_value, padding_value, padding_value};

std::int32_t to_fixed(double value) {
    constexpr double most = 2147483647.0;
    return static_cast<std::int32_t>(
        std::lrint(std::clamp(value * coordinate_scale, -most - 1, most)));
}

/// Far out, where to_fixed() was cut off, a sum must stay there and not come back from below.
std::int32_t sum(std::int32_t a, std::int32_t b) {
    using Limits = std::numeric_limits<std::int32_t>;
    return static_cast<std::int32_t>(
        std::clamp<std::int64_t>(std::int64_t{a} + b, Limits::min(), Limits::max()));
}

int whole(int fixed) {
    return fixed >> coordinate_bits;
}
int fraction(int fixed) {
    return fixed >> to_fraction & fraction_mask;
}

/// Columns whose coordinate start + delta[x], a monotone sequence, lies in low … high px.
std::pair<int, int> columns_within(std::span<const std::int32_t> delta, int start, int low,
                                   int high) {
    const auto begin = delta.begin(), end = delta.end();
    const auto at = [&](auto position) { return static_cast<int>(position - begin); };
    const auto below = [&](std::int32_t d) { return whole(sum(start, d)) < low; };
    const auto not_above = [&](std::int32_t d) { return whole(sum(start, d)) <= high; };
    if (delta.front() <= delta.back())
        return {at(std::partition_point(begin, end, below)),
                at(std::partition_point(begin, end, not_above))};
    return {at(std::partition_point(begin, end, [&](std::int32_t d) { return !not_above(d); })),
            at(std::partition_point(begin, end, [&](std::int32_t d) { return !below(d); }))};
}

}  // namespace

LayerRows::LayerRows(const Layer& layer, int width, bool mirrored) : layer_(layer), width_(width) {
    const auto& m = layer.matrix;
    const double determinant = m[0] * m[4] - m[1] * m[3], inverse = 1 / determinant;
    const double a = m[4] * inverse, b = m[1] * -inverse, c = m[3] * -inverse, d = m[0] * inverse;
    row_x_ = b, base_x_ = -a * m[2] - b * m[5];
    row_y_ = d, base_y_ = -c * m[2] - d * m[5];
    for (int x = 0; x < width; ++x) {
        const int column = mirrored ? width - 1 - x : x;
        delta_x_.push_back(to_fixed(a * column));
        delta_y_.push_back(to_fixed(c * column));
    }
    for (const Placement& part : layer.parts)
        visible_.push_back({std::max(part.x, 0), std::max(part.y, 0),
                            std::min(part.x + part.picture.width, layer.canvas_width),
                            std::min(part.y + part.picture.height, layer.canvas_height)});
    // The padding of both tables is read by whole vectors, and never used.
    for (auto* deltas : {&delta_x_, &delta_y_}) deltas->resize(deltas->size() + 64);
    straight_ = a != 0 && b == 0 && c == 0;
    if (straight_) place_columns(sum(to_fixed(base_x_), rounding));
}

void LayerRows::draw(int y, std::uint8_t* out) {
    const int x0 = sum(to_fixed(row_x_ * y + base_x_), rounding),
              y0 = sum(to_fixed(row_y_ * y + base_y_), rounding);
    find_runs(x0, y0);
    int done = 0;
    for (const Run& run : runs_) {
        draw_mixed(done, run.begin, x0, y0, out);
        draw_run(run, x0, y0, out + static_cast<std::ptrdiff_t>(run.begin) * 3);
        done = run.end;
    }
    draw_mixed(done, width_, x0, y0, out);
}

void LayerRows::find_runs(int x0, int y0) {
    runs_.clear();
    for (std::size_t part = 0; part < layer_.parts.size(); ++part)
        if (const Run run = run_in(part, x0, y0); run.begin < run.end) runs_.push_back(run);
    std::sort(runs_.begin(), runs_.end(),
              [](const Run& a, const Run& b) { return a.begin < b.begin; });
}

LayerRows::Run LayerRows::run_in(std::size_t part, int x0, int y0) const {
    const auto [from_y, to_y] = rows_in(part, y0);
    if (from_y >= to_y) return {};
    const auto [from_x, to_x] = straight_ ? columns_[part] : columns_in(part, x0);
    return {std::max(from_x, from_y), std::min(to_x, to_y), part};
}

/// Output columns whose left and right taps lie in a part.
std::pair<int, int> LayerRows::columns_in(std::size_t part, int x0) const {
    const Rect& r = visible_[part];
    const Placement& p = layer_.parts[part];
    // Eight bytes are loaded for the six of two taps: they must lie in the picture too, hence − 3.
    const int last = std::min(r.x2 - 2, p.x + p.picture.width - 3);
    if (last < r.x1) return {0, 0};
    return columns_within({delta_x_.data(), static_cast<std::size_t>(width_)}, x0, r.x1, last);
}

/// Output columns whose upper and lower taps do.
std::pair<int, int> LayerRows::rows_in(std::size_t part, int y0) const {
    const Rect& r = visible_[part];
    const int last = r.y2 - 2;
    if (last < r.y1) return {0, 0};
    if (!straight_)
        return columns_within({delta_y_.data(), static_cast<std::size_t>(width_)}, y0, r.y1, last);
    const int y = whole(y0);
    return {0, y >= r.y1 && y <= last ? width_ : 0};
}

void LayerRows::place_columns(int x0) {
    line_.resize((static_cast<std::size_t>(layer_.canvas_width) + 2) * 3 + 64);
    for (int i = 0; i < width_; ++i) {
        const int x = sum(x0, delta_x_[static_cast<std::size_t>(i)]), f = fraction(x);
        offset_.push_back(whole(x) * 3);
        weights_.insert(weights_.end(), 4, (32 - f) | f << 16);
    }
    for (std::size_t part = 0; part < visible_.size(); ++part)
        columns_.push_back(columns_in(part, x0));
}

void LayerRows::draw_run(const Run& run, int x0, int y0, std::uint8_t* out) {
    if (straight_) return draw_straight_run(run, x0, y0, out);
    const Placement& part = layer_.parts[run.part];
    const auto stride = static_cast<std::ptrdiff_t>(part.picture.stride);
    const std::uint8_t* origin = part.picture.rgb - part.y * stride - part.x * 3;
    const Track track{delta_x_.data() + run.begin, delta_y_.data() + run.begin, x0, y0};
    interpolate_run(origin, stride, track, run.end - run.begin, out);
}

void LayerRows::draw_straight_run(const Run& run, int x0, int y0, std::uint8_t* out) {
    const Placement& part = layer_.parts[run.part];
    const auto begin = static_cast<std::size_t>(run.begin),
               last = static_cast<std::size_t>(run.end) - 1;
    const auto [left, right] =
        std::minmax({whole(x0 + delta_x_[begin]), whole(x0 + delta_x_[last])});
    const int y = y0 + delta_y_[begin];
    const std::uint8_t* upper =
        part.picture.row(whole(y) - part.y) + static_cast<std::ptrdiff_t>(left - part.x) * 3;
    interpolate_down(upper, upper + part.picture.stride, fraction(y), (right - left + 2) * 3,
                     line_.data());
    interpolate_across(line_.data(), left * 3, offset_.data() + begin, weights_.data() + 4 * begin,
                       run.end - run.begin, out);
}

/// Pixels whose taps come from several pictures or from the padding.
void LayerRows::draw_mixed(int begin, int end, int x0, int y0, std::uint8_t* out) const {
    constexpr int piece = 16;
    for (int from = begin; from < end; from += piece) {
        const int to = std::min(from + piece, end);
        std::uint8_t* at = out + static_cast<std::ptrdiff_t>(from) * 3;
        if (all_padding(from, to, x0, y0)) {
            std::memset(at, padding_value, static_cast<std::size_t>(to - from) * 3);
            continue;
        }
        for (int i = from; i < to; ++i, at += 3)
            draw_pixel(sum(x0, delta_x_[static_cast<std::size_t>(i)]),
                       sum(y0, delta_y_[static_cast<std::size_t>(i)]), at);
    }
}

bool LayerRows::all_padding(int begin, int end, int x0, int y0) const {
    const auto first = static_cast<std::size_t>(begin), last = static_cast<std::size_t>(end) - 1;
    const auto [x1, x2] =
        std::minmax({whole(sum(x0, delta_x_[first])), whole(sum(x0, delta_x_[last]))});
    const auto [y1, y2] =
        std::minmax({whole(sum(y0, delta_y_[first])), whole(sum(y0, delta_y_[last]))});
    return std::none_of(
        visible_.begin(), visible_.end(), [&, x1 = x1, x2 = x2, y1 = y1, y2 = y2](const Rect& r) {
            return r.x1 < r.x2 && x1 < r.x2 && x2 + 1 >= r.x1 && y1 < r.y2 && y2 + 1 >= r.y1;
        });
}

void LayerRows::draw_pixel(int x, int y, std::uint8_t* out) const {
    const int ix = whole(x), iy = whole(y), fx = fraction(x), fy = fraction(y);
    const std::uint8_t *a = canvas_pixel(ix, iy), *b = canvas_pixel(ix + 1, iy);
    const std::uint8_t *c = canvas_pixel(ix, iy + 1), *d = canvas_pixel(ix + 1, iy + 1);
    for (int i = 0; i < 3; ++i) {
        const int upper = a[i] * (32 - fx) + b[i] * fx, lower = c[i] * (32 - fx) + d[i] * fx;
        out[i] = static_cast<std::uint8_t>((upper * (32 - fy) + lower * fy + 512) >> 10);
    }
}

const std::uint8_t* LayerRows::canvas_pixel(int x, int y) const {
    for (std::size_t i = 0; i < visible_.size(); ++i) {
        const Rect& r = visible_[i];
        if (x < r.x1 || x >= r.x2 || y < r.y1 || y >= r.y2) continue;
        const Placement& part = layer_.parts[i];
        return part.picture.row(y - part.y) + static_cast<std::ptrdiff_t>(x - part.x) * 3;
    }
    return padding_pixel;
}

}  // namespace yolodata
