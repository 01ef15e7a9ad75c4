// SPDX-License-Identifier: Apache-2.0
// Rows that stand twice, exactly or almost.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "label_check.hpp"

namespace yolodata {

namespace {

constexpr float overlap_iou = 0.95f;
// A crowd of equal boxes is compared with its nearest neighbours only, so that the work stays
// linear.
constexpr std::size_t max_neighbours = 64;

float iou(const Box& a, const Box& b) {
    const float w = std::min(a.x + a.w / 2, b.x + b.w / 2) - std::max(a.x - a.w / 2, b.x - b.w / 2);
    const float h = std::min(a.y + a.h / 2, b.y + b.h / 2) - std::max(a.y - a.h / 2, b.y - b.h / 2);
    if (w <= 0 || h <= 0) return 0;
    return w * h / (a.w * a.h + b.w * b.h - w * h);
}

}  // namespace

void LabelChecker::find_duplicates() {
    order_.resize(kept_.size());
    std::iota(order_.begin(), order_.end(), 0u);
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
        return kept_[a].hash != kept_[b].hash ? kept_[a].hash < kept_[b].hash : a < b;
    });
    const auto same = [this](const Kept& a, const Kept& b) {
        return a.count == b.count &&
               std::equal(numbers_.begin() + a.first, numbers_.begin() + a.first + a.count,
                          numbers_.begin() + b.first);
    };
    // Equal rows are neighbours now, the first of the file in front. Different rows of one hash are
    // as good as impossible; they would only end a group early.
    for (std::size_t i = 1, first = 0; i < order_.size(); ++i) {
        const Kept& original = kept_[order_[first]];
        Kept& row = kept_[order_[i]];
        if (row.hash != original.hash || !same(original, row)) {
            first = i;
            continue;
        }
        row.duplicate = true;
        row_.line = row.line;
        add("label/duplicate-row", 0, fmt::format("the same as line {}", original.line));
    }
}

void LabelChecker::find_overlaps() {
    std::erase_if(order_, [this](std::uint32_t i) {
        const Box& box = row_boxes_[i];
        return kept_[i].duplicate || kept_[i].kind == RowKind::polygon ||
               !(box.w > 0 && box.h > 0) || box.cls < 0;
    });
    if (order_.size() < 2) return;
    std::sort(order_.begin(), order_.end(), [this](std::uint32_t a, std::uint32_t b) {
        const Box &p = row_boxes_[a], &q = row_boxes_[b];
        if (p.cls != q.cls) return p.cls < q.cls;
        return p.x != q.x ? p.x < q.x : a < b;
    });
    // With an IoU of 0.95 or more, centres lie at most 2.6 % of the width apart.
    constexpr float reach = 0.06f;
    earlier_.assign(kept_.size(), 0);
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const Box& a = row_boxes_[order_[i]];
        for (std::size_t j = i + 1; j < order_.size() && j <= i + max_neighbours; ++j) {
            const Box& b = row_boxes_[order_[j]];
            if (b.cls != a.cls || b.x - a.x > reach * std::max(a.w, b.w)) break;
            if (iou(a, b) < overlap_iou) continue;
            const auto [low, high] = std::minmax(order_[i], order_[j]);
            if (earlier_[high] == 0 || kept_[low].line < earlier_[high])
                earlier_[high] = kept_[low].line;
        }
    }
    for (std::size_t i = 0; i < earlier_.size(); ++i) {
        if (earlier_[i] == 0) continue;
        row_.line = kept_[i].line;
        add("label/overlapping-duplicate", 0,
            fmt::format("almost the same box as line {} (IoU of {} or more)", earlier_[i],
                        overlap_iou));
    }
}

}  // namespace yolodata
