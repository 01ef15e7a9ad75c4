// SPDX-License-Identifier: Apache-2.0
#include "near_search.hpp"

#include <gtest/gtest.h>

#include <mutex>
#include <random>
#include <set>

namespace yolodata {
namespace {

using Pairs = std::set<std::pair<std::uint32_t, std::uint32_t>>;

/// Random hashes, of which every third is another one with a few bits turned over.
std::vector<PerceptualHash> hashes_with_neighbours(std::size_t count, unsigned seed) {
    std::mt19937_64 random(seed);
    std::vector<PerceptualHash> hashes(count);
    for (std::size_t i = 0; i < count; ++i) {
        for (std::uint64_t& turned : hashes[i].turned) turned = random();
        if (i % 3 != 2) continue;
        std::uint64_t& hash = hashes[i].turned[random() % 8];
        hash = hashes[random() % i].turned[0];
        for (auto flips = random() % 10; flips > 0; --flips)
            hash ^= std::uint64_t{1} << random() % 64;
    }
    return hashes;
}

Pairs searched(const NearQuery& query) {
    Pairs pairs;
    std::mutex mutex;
    search_near(query, [&](std::uint32_t q, std::uint32_t i) {
        const std::scoped_lock lock(mutex);
        pairs.emplace(q, i);
        return true;
    });
    return pairs;
}

Pairs compared(const NearQuery& query) {
    Pairs pairs;
    for (std::uint32_t q = 0; q < query.queries.size(); ++q)
        for (int t = 0; t < query.turns; ++t)
            for (std::uint32_t i = 0; i < query.hashes.size(); ++i)
                if (distance(query.queries[q].turned[t], query.hashes[i]) <= query.bits)
                    pairs.emplace(q, i);
    return pairs;
}

TEST(NearSearch, FindsWhatComparingAllPairsFinds) {
    const auto queries = hashes_with_neighbours(1500, 1);
    std::vector<std::uint64_t> hashes;
    for (const PerceptualHash& hash : queries) hashes.push_back(hash.turned[0]);
    std::size_t last = 0;
    for (int bits = 0; bits <= max_near_bits; ++bits) {
        const NearQuery query{hashes, queries, 8, bits};
        const Pairs pairs = searched(query);
        EXPECT_EQ(pairs, compared(query)) << bits;
        EXPECT_GT(pairs.size(), last) << bits;
        last = pairs.size();
    }
}

TEST(NearSearch, OneTurnOnly) {
    const auto queries = hashes_with_neighbours(600, 2);
    std::vector<std::uint64_t> hashes;
    for (const PerceptualHash& hash : queries) hashes.push_back(hash.turned[0]);
    const NearQuery query{hashes, queries, 1, 4};
    EXPECT_EQ(searched(query), compared(query));
}

TEST(NearSearch, AVisitorEndsItsPlaceOnly) {
    const std::vector<std::uint64_t> hashes(100, 42);
    std::vector<PerceptualHash> queries(1);
    queries[0].turned.fill(42);
    std::size_t visits = 0;
    search_near({hashes, queries, 1, 4}, [&](std::uint32_t, std::uint32_t i) {
        EXPECT_EQ(i, 0u);
        ++visits;
        return false;
    });
    EXPECT_EQ(visits, 15u);  // once a table
}

TEST(NearSearch, NothingToSearch) {
    search_near({{}, {}, 8, 4}, [](std::uint32_t, std::uint32_t) -> bool {
        ADD_FAILURE();
        return true;
    });
}

}  // namespace
}  // namespace yolodata
