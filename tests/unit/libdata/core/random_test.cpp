// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace yolodata {
namespace {

// Published with the generator (Random123, kat_vectors).
TEST(Philox, KnownAnswers) {
    using Block = std::array<std::uint32_t, 4>;
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
              (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox4x32({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
              (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(
        philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
        (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, SameArgumentsSameStream) {
    Random a(7, 3, 11, Purpose::affine), b(7, 3, 11, Purpose::affine);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(a.bits(), b.bits());
}

TEST(Random, EveryArgumentGivesAnotherStream) {
    std::set<std::uint32_t> first;
    int streams = 0;
    for (std::uint64_t seed : {0ull, 1ull, 1ull << 32})
        for (std::uint32_t epoch : {0u, 1u, 7u})
            for (std::uint64_t sample : {0ull, 1ull, 1ull << 32, (1ull << 56) - 1})
                for (auto purpose : {Purpose::order, Purpose::partners, Purpose::choice}) {
                    first.insert(Random(seed, epoch, sample, purpose).bits());
                    ++streams;
                }
    EXPECT_EQ(first.size(), static_cast<std::size_t>(streams));
}

TEST(Random, UniformStaysInRangeAndFillsIt) {
    Random random(1, 2, 3, Purpose::hsv);
    double low = 1, high = 0, sum = 0;
    const int n = 100000;
    for (int i = 0; i < n; ++i) {
        const double x = random.uniform();
        ASSERT_GE(x, 0.0);
        ASSERT_LT(x, 1.0);
        low = std::min(low, x), high = std::max(high, x), sum += x;
    }
    EXPECT_LT(low, 0.001);
    EXPECT_GT(high, 0.999);
    EXPECT_NEAR(sum / n, 0.5, 0.005);
    EXPECT_EQ(random.uniform(3, 3), 3);
    for (int i = 0; i < 1000; ++i) {
        const double x = random.uniform(1, 1.0000000000000002);  // one step of a double wide
        ASSERT_EQ(x, 1);
    }
}

TEST(Random, BelowHasNoBias) {
    Random random(5, 0, 0, Purpose::partners);
    std::array<int, 6> count{};
    for (int i = 0; i < 60000; ++i) ++count.at(random.below(6));
    for (int c : count) EXPECT_NEAR(c, 10000, 500);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(random.below(1), 0u);
    // Of 2^64 − 1 values taken modulo 3·2^62 the lower third would come twice as often.
    int lower = 0;
    for (int i = 0; i < 30000; ++i) lower += random.below(3ull << 62) < 1ull << 62;
    EXPECT_NEAR(lower, 10000, 500);
}

TEST(Permutation, IsABijection) {
    for (std::uint64_t n :
         {1, 2, 3, 4, 5, 7, 16, 17, 63, 64, 65, 205, 1000, 1024, 1025, 4097, 65537}) {
        for (std::uint32_t epoch : {0u, 1u}) {
            const Permutation order(n, 42, epoch);
            std::vector<bool> seen(n);
            for (std::uint64_t p = 0; p < n; ++p) {
                const auto v = order(p);
                ASSERT_LT(v, n);
                ASSERT_FALSE(seen[v]) << "n " << n << ", position " << p;
                seen[v] = true;
                ASSERT_EQ(order.position_of(v), p);
            }
        }
    }
}

TEST(Permutation, HugeSizes) {
    const std::uint64_t n = (1ull << 62) - 1;
    const Permutation order(n, 1, 0);
    std::set<std::uint64_t> seen;
    for (std::uint64_t p = n - 1000; p < n; ++p) {
        EXPECT_LT(order(p), n);
        EXPECT_EQ(order.position_of(order(p)), p);
        seen.insert(order(p));
    }
    EXPECT_EQ(seen.size(), 1000u);
}

// Every value comes first, and every value stands anywhere, about equally often over epochs and
// seeds.
TEST(Permutation, IsFair) {
    const int n = 10, epochs = 20000;
    std::array<std::array<int, n>, n> count{};
    for (int e = 0; e < epochs; ++e) {
        const Permutation order(n, 9, static_cast<std::uint32_t>(e));
        for (int p = 0; p < n; ++p) ++count[p][order(p)];
    }
    double chi2 = 0;
    for (const auto& row : count)
        for (int c : row)
            chi2 += (c - epochs / double(n)) * (c - epochs / double(n)) / (epochs / double(n));
    EXPECT_LT(chi2, 140);  // 81 degrees of freedom: 140 is exceeded by chance once in 20,000 times
}

TEST(Permutation, EpochsAndSeedsDiffer) {
    const Permutation a(1000, 1, 0), b(1000, 1, 1), c(1000, 2, 0);
    int same_epoch = 0, same_seed = 0, fixed = 0;
    for (std::uint64_t p = 0; p < 1000; ++p) {
        same_epoch += a(p) == b(p), same_seed += a(p) == c(p), fixed += a(p) == p;
    }
    EXPECT_LT(same_epoch, 10);
    EXPECT_LT(same_seed, 10);
    EXPECT_LT(fixed, 10);
}

}  // namespace
}  // namespace yolodata
