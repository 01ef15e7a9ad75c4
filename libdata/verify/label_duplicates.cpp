// SPDX-License-Identifier: Apache-2.0
// Rows that stand twice, exactly or almost.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

// Both sorts carry what they compare along: an index alone would fetch it from all over the memory.
void LabelChecker::find_duplicates() {
    by_hash_.clear();
    for (std::uint32_t i = 0; i < kept_.size(); ++i) by_hash_.emplace_back(kept_[i].hash, i);
    std::sort(by_hash_.begin(), by_hash_.end());
    const auto same = [this](const Kept& a, const Kept& b) {
        return a.count == b.count &&
               std::equal(numbers_.begin() + a.first, numbers_.begin() + a.first + a.count,
                          numbers_.begin() + b.first);
    };
    // Equal rows are neighbours now, the first of the file in front. Different rows of one hash are
    // as good as impossible; they would only end a group early.
    for (std::size_t i = 1, first = 0; i < by_hash_.size(); ++i) {
        if (by_hash_[i].first != by_hash_[first].first ||
            !same(kept_[by_hash_[first].second], kept_[by_hash_[i].second])) {
            first = i;
            continue;
        }
        Kept& row = kept_[by_hash_[i].second];
        row.duplicate = true;
        row_.line = row.line;
        add("label/duplicate-row", 0,
            fmt::format("the same as line {}", kept_[by_hash_[first].second].line));
    }
}

void LabelChecker::find_overlaps() {
    by_place_.clear();
    for (std::uint32_t i = 0; i < kept_.size(); ++i) {
        const Box& box = row_boxes_[i];
        if (!kept_[i].duplicate && kept_[i].kind != RowKind::polygon && box.w > 0 && box.h > 0 &&
            box.cls >= 0)
            by_place_.push_back({box, i});
    }
    if (by_place_.size() < 2) return;
    std::sort(by_place_.begin(), by_place_.end(), [](const Placed& a, const Placed& b) {
        if (a.box.cls != b.box.cls) return a.box.cls < b.box.cls;
        return a.box.x != b.box.x ? a.box.x < b.box.x : a.row < b.row;
    });
    // With an IoU of 0.95 or more, centres lie at most 2.6 % of the side apart.
    constexpr float reach = 0.06f;
    earlier_.assign(kept_.size(), 0);
    for (std::size_t i = 0; i < by_place_.size(); ++i) {
        const Box& a = by_place_[i].box;
        for (std::size_t j = i + 1; j < by_place_.size() && j <= i + max_neighbours; ++j) {
            const Box& b = by_place_[j].box;
            if (b.cls != a.cls || b.x - a.x > reach * std::max(a.w, b.w)) break;
            if (std::abs(b.y - a.y) > reach * std::max(a.h, b.h) || iou(a, b) < overlap_iou)
                continue;
            const auto [low, high] = std::minmax(by_place_[i].row, by_place_[j].row);
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
