// SPDX-License-Identifier: Apache-2.0
#include "pack/memory_budget.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace yolodata::pack {
namespace {

TEST(MemoryBudget, IsNeverExceededByManyThreads) {
    MemoryBudget budget(100);
    std::atomic<int> used{0}, worst{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 200; ++i) {
                const int bytes = 1 + (t * 37 + i * 11) % 60;
                const MemoryBudget::Share share(budget, static_cast<std::uint64_t>(bytes));
                const int now = used += bytes;
                int seen = worst;
                while (now > seen && !worst.compare_exchange_weak(seen, now)) {
                }
                std::this_thread::yield();
                used -= bytes;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_LE(worst, 100);
    EXPECT_GT(worst, 60);  // more than one at a time
    EXPECT_LE(budget.peak(), 100u);
}

TEST(MemoryBudget, AWishOverTheWholeBudgetIsGrantedAlone) {
    MemoryBudget budget(10);
    std::atomic<bool> granted{false};
    std::thread other;
    {
        const MemoryBudget::Share large(budget, 1000);
        other = std::thread([&] {
            const MemoryBudget::Share small(budget, 1);
            granted = true;
        });
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        EXPECT_FALSE(granted);
    }
    other.join();
    EXPECT_TRUE(granted);
}

}  // namespace
}  // namespace yolodata::pack
