// SPDX-License-Identifier: Apache-2.0
#include "copies.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

CopyOrder::CopyOrder(const Dataset& dataset) : dataset_(dataset), images_(dataset.images.size()) {
    std::iota(images_.begin(), images_.end(), 0u);
    std::stable_sort(images_.begin(), images_.end(), [&](std::uint32_t a, std::uint32_t b) {
        return std::countr_zero(dataset.images[a].splits) <
               std::countr_zero(dataset.images[b].splits);
    });
    const auto& splits = dataset.splits;
    for (std::size_t s = 0; s < splits.size(); ++s) {
        foreign_.push_back(0);
        for (std::size_t t = 0; t < splits.size(); ++t)
            if (s != t && splits[s].images != splits[t].images)
                foreign_.back() |= std::uint32_t{1} << t;
    }
}

bool CopyOrder::leaks(std::uint32_t a, std::uint32_t b) const {
    for (; a != 0; a &= a - 1)
        if ((foreign_[static_cast<std::size_t>(std::countr_zero(a))] & b) != 0) return true;
    return false;
}

namespace {

/// Tells of each picture's copies.
class Same {
 public:
    Same(const DatasetFacts& facts, const CopyOrder& order, std::vector<Finding>& findings)
        : facts_(facts), order_(order), findings_(findings) {}

    /// All places that hold one picture, rising.
    void tell(std::span<const std::uint32_t> places) {
        seen_.clear();
        for (const std::uint32_t place : places) {
            named_twice(place);
            const std::uint32_t splits = order_.splits(place);
            const auto same = std::find_if(seen_.begin(), seen_.end(), [&](std::uint32_t earlier) {
                return (order_.splits(earlier) & splits) != 0;
            });
            const auto leak = std::find_if(seen_.begin(), seen_.end(), [&](std::uint32_t earlier) {
                return order_.leaks(order_.splits(earlier), splits);
            });
            if (same != seen_.end())
                add("dataset/duplicate-image", place, *same,
                    fmt::format("{} as {}", sameness(place, *same), name(*same)));
            if (leak != seen_.end())
                add("dataset/split-leak", place, *leak,
                    fmt::format("{} as {} of the split {}", sameness(place, *leak), name(*leak),
                                split_of(*leak)));
            if (place != places.front() &&
                pair(place).label_rows != pair(places.front()).label_rows)
                add("dataset/conflicting-labels", place, places.front(),
                    fmt::format("{} as {}, but other labels", sameness(place, places.front()),
                                name(places.front())));
            // One of each set of splits is enough to tell all later ones.
            if (std::none_of(seen_.begin(), seen_.end(), [&](std::uint32_t earlier) {
                    return order_.splits(earlier) == splits;
                }))
                seen_.push_back(place);
        }
    }

 private:
    const PairFacts& pair(std::uint32_t place) const { return facts_.pairs[order_.image(place)]; }
    const ImageRef& image(std::uint32_t place) const {
        return facts_.dataset.images[order_.image(place)];
    }
    std::string name(std::uint32_t place) const { return printable(image(place).path); }
    const std::string& split_of(std::uint32_t place) const {
        return facts_.dataset
            .splits[static_cast<std::size_t>(std::countr_zero(order_.splits(place)))]
            .name;
    }

    const char* sameness(std::uint32_t a, std::uint32_t b) const {
        const FileRecord &p = pair(a).image, &q = pair(b).image;
        return p.hashed && q.hashed && p.digest == q.digest ? "the same bytes" : "the same pixels";
    }

    // One file in two splits.
    void named_twice(std::uint32_t place) {
        const std::uint32_t splits = order_.splits(place);
        if (!order_.leaks(splits, splits)) return;
        std::string names;
        for (std::size_t s = 0; s < facts_.dataset.splits.size(); ++s)
            if ((splits >> s & 1U) != 0)
                names += (names.empty() ? "" : " and ") + facts_.dataset.splits[s].name;
        add("dataset/split-leak", place, place, fmt::format("{} name this file", names));
    }

    void add(const char* rule, std::uint32_t place, std::uint32_t other, std::string message) {
        Finding finding = make_finding(rule, image(place).path, std::move(message));
        finding.image = image(place).path;
        finding.split = split_of(place);
        if (other != place) finding.related = {image(other).path};
        findings_.push_back(std::move(finding));
    }

    const DatasetFacts& facts_;
    const CopyOrder& order_;
    std::vector<Finding>& findings_;
    std::vector<std::uint32_t> seen_;
};

}  // namespace

void tell_same(const DatasetFacts& facts, const CopyOrder& order,
               const std::vector<std::uint32_t>& first, std::vector<Finding>& findings) {
    std::vector<std::uint32_t> places(order.size());
    std::iota(places.begin(), places.end(), 0u);
    std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
        return first[a] != first[b] ? first[a] < first[b] : a < b;
    });
    Same same(facts, order, findings);
    for (std::size_t from = 0, to = 0; from < places.size(); from = to) {
        while (to < places.size() && first[places[to]] == first[places[from]]) ++to;
        if (order.splits(places[from]) == 0) continue;
        same.tell(std::span(places).subspan(from, to - from));
    }
}

}  // namespace yolodata
