// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/ordered_loader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace yolotrain {
namespace {

TEST(OrderedLoader, HandsOutInOrderWhateverTheThreads) {
    for (const int workers : {0, 1, 4}) {
        OrderedLoader<std::size_t> loader(200, workers, 7, [](std::size_t i) {
            if (i % 3 == 0) std::this_thread::yield();
            return i * i;
        });
        for (std::size_t i = 0; i < 200; ++i) ASSERT_EQ(loader.next(), i * i) << workers;
    }
}

TEST(OrderedLoader, StaysWithinItsWindow) {
    std::atomic<std::size_t> made{0}, asked{0}, furthest{0};
    OrderedLoader<int> loader(100, 3, 5, [&](std::size_t i) {
        const std::size_t ahead = i - std::min<std::size_t>(i, asked.load());
        std::size_t seen = furthest.load();
        while (ahead > seen && !furthest.compare_exchange_weak(seen, ahead)) {
        }
        ++made;
        return 0;
    });
    for (int i = 0; i < 100; ++i) {
        loader.next();
        ++asked;
    }
    EXPECT_EQ(made, 100U);
    EXPECT_LE(furthest, 5U);  // the window is 5, and `asked` is raised after next()
}

TEST(OrderedLoader, AnExceptionComesAtItsTurnAndTheRestGoesOn) {
    OrderedLoader<int> loader(3, 2, 3, [](std::size_t i) -> int {
        if (i == 1) throw std::runtime_error("one");
        return static_cast<int>(i);
    });
    EXPECT_EQ(loader.next(), 0);
    EXPECT_THROW(loader.next(), std::runtime_error);
    EXPECT_EQ(loader.next(), 2);
}

TEST(OrderedLoader, CanBeLeftEarly) {
    std::atomic<int> made{0};
    {
        OrderedLoader<int> loader(1000, 2, 4, [&](std::size_t) { return ++made; });
        loader.next();
    }
    EXPECT_LE(made, 8);
}

}  // namespace
}  // namespace yolotrain
