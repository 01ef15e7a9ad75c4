// SPDX-License-Identifier: Apache-2.0
#include "memory/arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <random>
#include <thread>
#include <vector>

namespace yolotrain {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

TEST(Arena, HandsOutAgainWhatIsGivenBack) {
    Arena arena;
    void* a = arena.allocate(5 * mib);
    std::memset(a, 1, 5 * mib);
    ASSERT_TRUE(arena.release(a));
    EXPECT_EQ(arena.allocate(5 * mib), a);
    EXPECT_EQ(arena.use().held, Arena::chunk);
    EXPECT_EQ(arena.use().in_use, 5 * mib);
}

TEST(Arena, JoinsNeighbours) {
    Arena arena;
    std::vector<void*> parts;
    for (int i = 0; i < 4; ++i) parts.push_back(arena.allocate(4 * mib));  // one chunk
    for (const int i : {0, 2, 1, 3}) ASSERT_TRUE(arena.release(parts[static_cast<std::size_t>(i)]));
    void* all = arena.allocate(16 * mib);
    EXPECT_EQ(all, *std::min_element(parts.begin(), parts.end()));
    EXPECT_EQ(arena.use().held, 16 * mib);
    EXPECT_EQ(arena.use().peak_in_use, 16 * mib);
}

TEST(Arena, TakesTheTightestFit) {
    Arena arena;
    void* wide = arena.allocate(6 * mib);
    void* wall = arena.allocate(mib);
    void* tight = arena.allocate(2 * mib);
    void* end = arena.allocate(7 * mib);
    arena.release(wide);
    arena.release(tight);
    EXPECT_EQ(arena.allocate(2 * mib), tight);
    EXPECT_NE(wall, end);
}

TEST(Arena, KnowsWhatIsNotItsOwn) {
    Arena arena;
    int local = 0;
    EXPECT_FALSE(arena.release(&local));
    void* block = arena.allocate(1);
    EXPECT_TRUE(arena.release(block));
    EXPECT_FALSE(arena.release(block));
}

TEST(Arena, RefusesWhatNoMachineHas) {
    Arena arena;
    EXPECT_EQ(arena.allocate(~std::size_t{0}), nullptr);
    EXPECT_EQ(arena.allocate(std::size_t{1} << 60), nullptr);
    EXPECT_NE(arena.allocate(mib), nullptr);
}

TEST(Arena, GivesBackWhatIsFreeAndNothingElse) {
    Arena arena;
    auto* kept = static_cast<unsigned char*>(arena.allocate(3 * mib));
    std::memset(kept, 7, 3 * mib);
    arena.release(arena.allocate(40 * mib));
    arena.trim();
    EXPECT_EQ(arena.use().held, 3 * mib);
    EXPECT_TRUE(std::all_of(kept, kept + 3 * mib, [](unsigned char c) { return c == 7; }));
    arena.release(kept);
    arena.trim();
    EXPECT_EQ(arena.use().held, 0U);
}

/// Blocks of random sizes never overlap, whatever the order, also from several threads.
TEST(Arena, BlocksNeverOverlap) {
    Arena arena;
    const auto play = [&](unsigned seed) {
        std::mt19937 random(seed);
        std::vector<std::pair<unsigned char*, std::size_t>> mine;
        for (int i = 0; i < 3000; ++i) {
            if (mine.size() < 40 && random() % 2 == 0) {
                const std::size_t bytes = 1 + random() % (random() % 8 == 0 ? 3 * mib : 60000);
                auto* block = static_cast<unsigned char*>(arena.allocate(bytes));
                // Its own mark at both ends: an overlap would overwrite one of them.
                block[0] = block[bytes - 1] = static_cast<unsigned char>(seed);
                mine.emplace_back(block, bytes);
            } else if (!mine.empty()) {
                std::swap(mine[random() % mine.size()], mine.back());
                const auto [block, bytes] = mine.back();
                ASSERT_EQ(block[0], seed);
                ASSERT_EQ(block[bytes - 1], seed);
                ASSERT_TRUE(arena.release(block));
                mine.pop_back();
            }
            if (i % 500 == 0) arena.trim();
        }
        for (const auto& [block, bytes] : mine) arena.release(block);
    };
    std::vector<std::thread> threads;
    for (unsigned t = 1; t <= 3; ++t) threads.emplace_back(play, t);
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(arena.use().in_use, 0U);
    arena.trim();
    EXPECT_EQ(arena.use().held, 0U);
}

}  // namespace
}  // namespace yolotrain
