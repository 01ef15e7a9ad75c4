// SPDX-License-Identifier: Apache-2.0
#include "near_search.hpp"

#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

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

/// The hashes by the value of some of their pieces.
class Table {
 public:
    Table(std::span<const std::uint64_t> hashes, std::vector<Piece> pieces)
        : pieces_(std::move(pieces)) {
        int bits = 0;
        for (const Piece& piece : pieces_) bits += piece.count;
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
            entries_[next[place_of(hashes[i])]++] = {hashes[i], static_cast<std::uint32_t>(i)};
    }

    /// With its hash, so that comparing reads one place of the memory, not two.
    struct Entry {
        std::uint64_t hash;
        std::uint32_t index;
    };

    std::span<const Entry> at(std::uint64_t hash) const {
        const std::size_t place = place_of(hash);
        return std::span(entries_).subspan(starts_[place], starts_[place + 1] - starts_[place]);
    }

 private:
    static constexpr int max_bits = 21;
    std::size_t place_of(std::uint64_t hash) const {
        std::uint64_t key = 0;
        for (const Piece& piece : pieces_) key = key << piece.count | piece.of(hash);
        return static_cast<std::size_t>(key >> shift_);
    }

    std::vector<Piece> pieces_;
    int shift_ = 0;
    std::vector<std::uint32_t> starts_;
    std::vector<Entry> entries_;
};

void search_table(const NearQuery& query, const Table& table, std::uint32_t q, const Visit& visit) {
    for (int t = 0; t < query.turns; ++t) {
        const std::uint64_t wanted = query.queries[q].turned[static_cast<std::size_t>(t)];
        for (const Table::Entry& entry : table.at(wanted))
            if (distance(entry.hash, wanted) <= query.bits && !visit(q, entry.index)) break;
    }
}

// The next choice of rising piece numbers below `count`; false after the last.
bool next_choice(std::vector<std::size_t>& chosen, std::size_t count) {
    for (std::size_t i = chosen.size(); i-- > 0;) {
        if (chosen[i] + chosen.size() - i >= count) continue;
        ++chosen[i];
        for (std::size_t j = i + 1; j < chosen.size(); ++j) chosen[j] = chosen[j - 1] + 1;
        return true;
    }
    return false;
}

}  // namespace

void search_near(const NearQuery& query, const Visit& visit) {
    // Two pieces a table, until their keys get too short to tell a million hashes apart.
    const int agreeing = query.bits <= 5 ? 2 : 3;
    const std::vector<Piece> pieces = pieces_of(query.bits + agreeing);
    std::vector<std::size_t> chosen(static_cast<std::size_t>(agreeing));
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    do {
        std::vector<Piece> key;
        for (const std::size_t i : chosen) key.push_back(pieces[i]);
        const Table table(query.hashes, std::move(key));
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, query.queries.size(), 1024),
                          [&](const auto& range) {
                              for (std::size_t q = range.begin(); q < range.end(); ++q)
                                  search_table(query, table, static_cast<std::uint32_t>(q), visit);
                          });
    } while (next_choice(chosen, pieces.size()));
}

}  // namespace yolodata
