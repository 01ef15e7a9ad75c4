// SPDX-License-Identifier: Apache-2.0
// Rows that stand twice, exactly or almost.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

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

// A box's class, then its x, as a number that sorts like them: floats sort as their bits do, once
// those of negative ones are turned over.
std::uint64_t key_of(const Box& box) {
    constexpr std::uint32_t sign = 0x8000'0000;
    const auto bits = std::bit_cast<std::uint32_t>(box.x);
    return std::uint64_t{static_cast<std::uint32_t>(box.cls)} << 32 |
           ((bits & sign) != 0 ? ~bits : bits | sign);
}

using KeyedRow = std::pair<std::uint64_t, std::uint32_t>;

// By key, then row; the rows come in order. Many are sorted by their digits (radix 2048, lowest
// first), of which most passes have nothing to do: class ids are small.
void sort_by_key(std::vector<KeyedRow>& rows, std::vector<KeyedRow>& scratch) {
    constexpr std::size_t few = 512;
    constexpr int digit_bits = 11;
    if (rows.size() < few) return std::sort(rows.begin(), rows.end());
    scratch.resize(rows.size());
    for (int shift = 0; shift < 64; shift += digit_bits) {
        std::array<std::uint32_t, 1 << digit_bits> starts{};
        const auto digit = [shift](const KeyedRow& row) {
            return static_cast<std::size_t>(row.first >> shift & ((1 << digit_bits) - 1));
        };
        for (const KeyedRow& row : rows) ++starts[digit(row)];
        if (starts[digit(rows[0])] == rows.size()) continue;  // all alike
        std::uint32_t sum = 0;
        for (std::uint32_t& start : starts) sum += std::exchange(start, sum);
        for (const KeyedRow& row : rows) scratch[starts[digit(row)]++] = row;
        rows.swap(scratch);
    }
}

}  // namespace

void LabelChecker::find_duplicates() {
    const auto same = [this](const Kept& a, const Kept& b) {
        return a.hash == b.hash && a.count == b.count &&
               std::equal(numbers_.begin() + a.first, numbers_.begin() + a.first + a.count,
                          numbers_.begin() + b.first);
    };
    // A table of at most half its places filled with rows, counted from 1; a row that is not found
    // at its place is looked for in the next ones. Different rows of one hash are as good as
    // impossible; made on purpose, they must not make the work quadratic.
    constexpr int most_steps = 256;
    table_.assign(std::bit_ceil(2 * kept_.size() + 1), 0);
    const std::size_t last = table_.size() - 1;
    for (std::uint32_t i = 0; i < kept_.size(); ++i) {
        Kept& row = kept_[i];
        std::size_t at = row.hash & last;
        for (int step = 0; step < most_steps; ++step, at = (at + 1) & last) {
            if (table_[at] == 0) {
                table_[at] = i + 1;
                break;
            }
            const Kept& earlier = kept_[table_[at] - 1];
            if (!same(earlier, row)) continue;
            row.duplicate = true;
            row_.line = row.line;
            add("label/duplicate-row", 0, fmt::format("the same as line {}", earlier.line));
            break;
        }
    }
}

void LabelChecker::find_overlaps() {
    by_key_.clear();
    for (std::uint32_t i = 0; i < kept_.size(); ++i) {
        const Box& box = row_boxes_[i];
        if (!kept_[i].duplicate && kept_[i].kind != RowKind::polygon && box.w > 0 && box.h > 0 &&
            box.cls >= 0)
            by_key_.emplace_back(key_of(box), i);
    }
    if (by_key_.size() < 2) return;
    sort_by_key(by_key_, sorted_);
    // The boxes side by side: an index alone would fetch them from all over the memory.
    by_place_.clear();
    for (const auto& [key, row] : by_key_) by_place_.push_back({row_boxes_[row], row});
    // With an IoU of 0.95 or more, centres lie at most 2.6 % of the side apart.
    constexpr float reach = 0.03f;
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
