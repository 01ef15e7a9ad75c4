// SPDX-License-Identifier: Apache-2.0
#include "label_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "yolodata/core/label.hpp"

namespace yolodata {

namespace {

struct Field {
    std::size_t begin, end;
    double value, was;
};

std::vector<Field> fields_of(std::string_view row) {
    std::vector<Field> fields;
    LabelRow rest;
    for (std::size_t at = 0; at < row.size();) {
        rest.text = row.substr(at);
        const std::string_view text = rest.field(0);
        if (text.empty()) break;
        double value = 0;
        parse_number(text, value);
        const auto begin = static_cast<std::size_t>(text.data() - row.data());
        at = begin + text.size();
        fields.push_back({begin, at, value, value});
    }
    return fields;
}

std::string with_changes(std::string_view row, const std::vector<Field>& fields) {
    std::string out;
    std::size_t at = 0;
    for (const Field& field : fields) {
        if (field.value == field.was) continue;
        out += row.substr(at, field.begin - at);
        out += number_text(field.value);
        at = field.end;
    }
    out += row.substr(at);
    return out;
}

// Centre and size along one axis. False if nothing of it lies inside. What lies inside already
// keeps its numbers: computing them anew would round them.
bool clip_side(double& centre, double& size) {
    const double low = centre - size / 2, high = centre + size / 2;
    const double from = std::clamp(low, 0.0, 1.0), to = std::clamp(high, 0.0, 1.0);
    if (to <= from) return false;
    if (from == low && to == high) return true;
    centre = (from + to) / 2;
    size = to - from;
    return true;
}

bool clip_box(std::vector<Field>& f) {
    return clip_side(f[1].value, f[3].value) && clip_side(f[2].value, f[4].value);
}

void clip_points(std::vector<Field>& f, std::size_t first, std::size_t step) {
    for (std::size_t p = first; p + 1 < f.size(); p += step)
        for (const std::size_t i : {p, p + 1}) f[i].value = std::clamp(f[i].value, 0.0, 1.0);
}

bool has_extent(const std::vector<Field>& f, std::size_t first) {
    const double start = f[first].value;
    for (std::size_t i = first; i < f.size(); i += 2)
        if (f[i].value != start) return true;
    return false;
}

}  // namespace

std::string number_text(double value) {
    std::string text = fmt::format("{:.9f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.ends_with('.')) text.pop_back();
    return text == "-0" ? "0" : text;
}

std::optional<std::string> clip_row(std::string_view row, const LabelContext& context) {
    std::vector<Field> fields = fields_of(row);
    if (context.task == Task::pose || fields.size() == 5) {
        if (!clip_box(fields)) return std::nullopt;
        if (context.task == Task::pose) clip_points(fields, 5, context.keypoints.dims);
    } else {
        clip_points(fields, 1, 2);
        if (!has_extent(fields, 1) || !has_extent(fields, 2)) return std::nullopt;
    }
    return with_changes(row, fields);
}

std::string normalise_row(std::string_view row, const LabelContext& context) {
    std::vector<Field> fields = fields_of(row);
    const bool pose = context.task == Task::pose;
    for (std::size_t i = 1; i < fields.size(); ++i) {
        const std::size_t part = pose && i >= 5 ? (i - 5) % context.keypoints.dims : (i + 1) % 2;
        if (part < 2) fields[i].value /= part == 0 ? context.width : context.height;
    }
    return with_changes(row, fields);
}

}  // namespace yolodata
