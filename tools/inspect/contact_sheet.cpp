// SPDX-License-Identifier: Apache-2.0
#include "inspect/contact_sheet.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "inspect/record_picture.hpp"
#include "yolodata/augment/resize.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

using yolodata::Box;
using yolodata::Picture;
using yolodata::shard::ShardSet;

constexpr int cell_side = 256, caption_height = 16;
constexpr double font_scale = 0.35;

/// Colours of classes, far from each other for neighbouring ids: hues at steps of the golden ratio.
cv::Scalar colour_of(int cls) {
    const double hue = std::fmod(0.05 + 0.618033988749895 * cls, 1.0) * 6;
    const auto channel = [hue](double shift) {
        const double k = std::fmod(hue + shift, 6.0);
        return 255 * (1 - std::max(0.0, std::min({k, 4 - k, 1.0})));
    };
    return {channel(5), channel(3), channel(1)};
}

cv::Mat matrix_of(Picture& picture) {
    return {picture.height, picture.width, CV_8UC3, picture.rgb.data()};
}

Picture picture_of(const ShardSet& set, std::uint64_t record,
                   const yolodata::shard::RecordInfo& info) {
    std::vector<std::uint8_t> payload;
    if (!set.read(record, payload)) return {};
    return record_picture(info, std::move(payload));
}

void draw_boxes(cv::Mat cell, const yolodata::Letterbox& where, const Picture& picture,
                const std::vector<Box>& boxes) {
    for (const Box& box : boxes) {
        const auto at = [](float value, int side, double scale, int pad) {
            return static_cast<int>(std::lround(static_cast<double>(value) * side * scale)) + pad;
        };
        const cv::Point first(at(box.x - box.w / 2, picture.width, where.scale_x, where.left),
                              at(box.y - box.h / 2, picture.height, where.scale_y, where.top));
        const cv::Point last(at(box.x + box.w / 2, picture.width, where.scale_x, where.left),
                             at(box.y + box.h / 2, picture.height, where.scale_y, where.top));
        cv::rectangle(cell, first, last, colour_of(box.cls), 1, cv::LINE_8);
    }
}

/// One record into its cell, with a line below: its number and the classes in it.
void draw_record(cv::Mat place, const ShardSet& set, std::uint64_t record,
                 const std::string& caption) {
    cv::Mat cell = place.rowRange(0, cell_side);
    std::string text = caption;
    try {
        const auto info = set.info(record);
        const Picture picture = picture_of(set, record, info);
        if (picture.empty()) throw yolodata::Error(yolodata::ErrorKind::corrupt, "damaged");
        yolodata::Letterbox where;
        Picture small = yolodata::letterbox(picture, cell_side, cell_side, true, &where);
        matrix_of(small).copyTo(cell);
        const auto boxes = set.boxes(record);
        draw_boxes(cell, where, picture, boxes);
        text += fmt::format("  {} box{}", boxes.size(), boxes.size() == 1 ? "" : "es");
    } catch (const yolodata::Error&) {
        cv::line(cell, {0, 0}, {cell_side, cell_side}, {200, 0, 0}, 2);
        cv::line(cell, {cell_side, 0}, {0, cell_side}, {200, 0, 0}, 2);
        text += "  damaged";
    }
    cv::putText(place, text, {3, cell_side + caption_height - 5}, cv::FONT_HERSHEY_SIMPLEX,
                font_scale, {255, 255, 255}, 1, cv::LINE_AA);
}

}  // namespace

Picture contact_sheet(const std::string& dir, const yolodata::shard::SetIndex& index,
                      std::uint64_t count, const yolodata::shard::ReadOptions& how) {
    std::uint64_t total = 0;
    for (const auto& split : index.splits) total += split.records;
    count = std::min(count, total);
    const int columns =
        std::max(1, static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count)))));
    const int rows = std::max(1, (static_cast<int>(count) + columns - 1) / columns);
    Picture sheet(columns * cell_side, rows * (cell_side + caption_height));
    std::fill(sheet.rgb.begin(), sheet.rgb.end(), std::uint8_t{60});
    cv::Mat canvas = matrix_of(sheet);
    std::uint64_t before = 0, k = 0;
    for (const auto& split : index.splits) {
        const ShardSet set(dir, split.name, how);
        for (; k < count && k * total / count < before + set.size(); ++k) {
            const std::uint64_t number = k * total / count;
            const int column = static_cast<int>(k) % columns, row = static_cast<int>(k) / columns;
            draw_record(canvas(cv::Rect(column * cell_side, row * (cell_side + caption_height),
                                        cell_side, cell_side + caption_height)),
                        set, number - before, fmt::format("{} {}", number, split.name));
        }
        before += set.size();
    }
    return sheet;
}

}  // namespace tools
