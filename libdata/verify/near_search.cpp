// SPDX-License-Identifier: Apache-2.0
#include "near_search.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>

namespace yolodata {

namespace {

/// A run of bits of the hash.
struct Piece {
    int first, count;
    std::uint64_t of(std::uint64_t hash) const {
        return hash >> first & ((std::uint64_t{1} << count) - 1);
    }
};

std::vector<Piece> pieces_of(int count) {
    std::vector<Piece> pieces;
    for (int i = 0; i < count; ++i) {
        const int first = 64 * i / count;
        pieces.push_back({first, 64 * (i + 1) / count - first});
    }
    return pieces;
}

/// The hashes by the value of two of their pieces.
class Table {
 public:
    Table(std::span<const std::uint64_t> hashes, Piece a, Piece b) : a_(a), b_(b) {
        const int bits = a.count + b.count;
        // About a place a hash: more would only be cleared.
        const int useful = std::min<int>(max_bits, std::bit_width(hashes.size()) + 1);
        shift_ = std::max(0, bits - useful);
        starts_.assign((std::size_t{1} << (bits - shift_)) + 1, 0);
        for (const std::uint64_t hash : hashes) ++starts_[place_of(hash) + 1];
        for (std::size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
        // Counting sort: within a place the indices rise.
        entries_.resize(hashes.size());
        std::vector<std::uint32_t> next(starts_.begin(), starts_.end() - 1);
        for (std::size_t i = 0; i < hashes.size(); ++i)
            entries_[next[place_of(hashes[i])]++] = static_cast<std::uint32_t>(i);
    }

    std::span<const std::uint32_t> at(std::uint64_t hash) const {
        const std::size_t place = place_of(hash);
        return std::span(entries_).subspan(starts_[place], starts_[place + 1] - starts_[place]);
    }

 private:
    static constexpr int max_bits = 21;
    std::size_t place_of(std::uint64_t hash) const {
        return static_cast<std::size_t>((a_.of(hash) << b_.count | b_.of(hash)) >> shift_);
    }

    Piece a_, b_;
    int shift_ = 0;
    std::vector<std::uint32_t> starts_, entries_;
};

void search_table(const NearQuery& query, const Table& table, std::uint32_t q, const Visit& visit) {
    for (int t = 0; t < query.turns; ++t) {
        const std::uint64_t wanted = query.queries[q].turned[static_cast<std::size_t>(t)];
        for (const std::uint32_t i : table.at(wanted))
            if (distance(query.hashes[i], wanted) <= query.bits && !visit(q, i)) break;
    }
}

}  // namespace

void search_near(const NearQuery& query, const Visit& visit) {
    const std::vector<Piece> pieces = pieces_of(query.bits + 2);
    for (std::size_t a = 0; a < pieces.size(); ++a) {
        for (std::size_t b = a + 1; b < pieces.size(); ++b) {
            const Table table(query.hashes, pieces[a], pieces[b]);
            tbb::parallel_for(tbb::blocked_range<std::size_t>(0, query.queries.size(), 1024),
                              [&](const auto& range) {
                                  for (std::size_t q = range.begin(); q < range.end(); ++q)
                                      search_table(query, table, static_cast<std::uint32_t>(q),
                                                   visit);
                              });
        }
    }
}

}  // namespace yolodata
