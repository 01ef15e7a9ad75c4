// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>

#include "copies.hpp"
#include "near_search.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();

class NearCopies {
 public:
    NearCopies(const DatasetFacts& facts, const CopyOrder& order,
               const std::vector<std::uint32_t>& first, int bits, std::vector<Finding>& findings)
        : facts_(facts), order_(order), first_(first), bits_(bits), findings_(findings) {}

    void run() {
        group();
        search();
        for (const std::uint32_t node : by_head_) tell(nodes_[node]);
    }

 private:
    /// Pictures of one hash in the same splits: a resting camera's are thousands, and only the
    /// first is searched for.
    struct Node {
        std::vector<std::uint32_t> places;             ///< rising
        std::uint32_t same = nothing, leak = nothing;  ///< earlier places near to it
    };

    const Look& look(std::uint32_t place) const { return facts_.pairs[order_.image(place)].look; }

    void group() {
        std::vector<std::uint32_t> places;
        for (std::uint32_t p = 0; p < order_.size(); ++p)
            if (look(p).known && !look(p).flat && order_.splits(p) != 0) places.push_back(p);
        const auto key = [this](std::uint32_t p) {
            return std::tuple(look(p).hash.turned[0], order_.splits(p));
        };
        std::sort(places.begin(), places.end(), [&](std::uint32_t a, std::uint32_t b) {
            return key(a) != key(b) ? key(a) < key(b) : a < b;
        });
        for (std::size_t i = 0; i < places.size(); ++i) {
            if (i == 0 || key(places[i]) != key(places[i - 1])) nodes_.emplace_back();
            nodes_.back().places.push_back(places[i]);
        }
        by_head_.resize(nodes_.size());
        for (std::uint32_t n = 0; n < nodes_.size(); ++n) by_head_[n] = n;
        std::sort(by_head_.begin(), by_head_.end(), [this](std::uint32_t a, std::uint32_t b) {
            return nodes_[a].places.front() < nodes_[b].places.front();
        });
    }

    void search() {
        std::vector<std::uint64_t> hashes;
        std::vector<PerceptualHash> queries;
        for (const std::uint32_t n : by_head_) {
            queries.push_back(look(nodes_[n].places.front()).hash);
            hashes.push_back(queries.back().turned[0]);
        }
        search_near({hashes, queries, 8, bits_}, [this](std::uint32_t q, std::uint32_t i) {
            if (i >= q) return false;
            Node& node = nodes_[by_head_[q]];
            const std::uint32_t here = node.places.front();
            const std::uint32_t there = nodes_[by_head_[i]].places.front();
            if (first_[here] == first_[there]) return true;  // the same picture is told already
            const std::uint32_t a = order_.splits(here), b = order_.splits(there);
            if ((a & b) != 0) node.same = std::min(node.same, there);
            if (order_.leaks(a, b)) node.leak = std::min(node.leak, there);
            return node.same > there || node.leak > there;
        });
    }

    void tell(const Node& node) {
        const std::uint32_t head = node.places.front();
        std::uint32_t other =
            nothing;  // the first of the node that is another picture than its head
        for (const std::uint32_t place : node.places) {
            std::uint32_t same = node.same;
            if (place != head) {
                if (first_[place] != first_[head]) {
                    same = std::min(same, head);
                    other = std::min(other, place);
                } else if (other != nothing) {
                    same = std::min(same, other);
                }
            }
            add("dataset/near-duplicate-image", place, same);
            add("dataset/near-split-leak", place, node.leak);
        }
    }

    void add(const char* rule, std::uint32_t place, std::uint32_t other) {
        if (other == nothing || first_[place] == first_[other]) return;
        const std::uint64_t wanted = look(other).hash.turned[0];
        const auto& turned = look(place).hash.turned;
        const auto best =
            std::min_element(turned.begin(), turned.end(), [&](std::uint64_t a, std::uint64_t b) {
                return distance(a, wanted) < distance(b, wanted);
            });
        const ImageRef& image = facts_.dataset.images[order_.image(place)];
        const ImageRef& partner = facts_.dataset.images[order_.image(other)];
        const auto split = [&](std::uint32_t p) {
            return facts_.dataset
                .splits[static_cast<std::size_t>(std::countr_zero(order_.splits(p)))]
                .name;
        };
        Finding finding =
            make_finding(rule, image.path,
                         fmt::format("looks like {} of the split {}{} ({} of 64 bits differ)",
                                     printable(partner.path), split(other),
                                     best == turned.begin() ? "" : ", mirrored or turned",
                                     distance(*best, wanted)));
        finding.image = image.path;
        finding.split = split(place);
        finding.related = {partner.path};
        findings_.push_back(std::move(finding));
    }

    const DatasetFacts& facts_;
    const CopyOrder& order_;
    const std::vector<std::uint32_t>& first_;
    const int bits_;
    std::vector<Finding>& findings_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> by_head_;  ///< nodes in order of their first place
};

}  // namespace

void tell_near(const DatasetFacts& facts, const CopyOrder& order,
               const std::vector<std::uint32_t>& first, int bits, std::vector<Finding>& findings) {
    NearCopies(facts, order, first, bits, findings).run();
}

}  // namespace yolodata
