// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/batch_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using testing::ElementsAre;

TEST(BatchPlan, SquareKeepsTheOrder) {
    const auto plan = plan_batches({{640, 480}, {480, 640}, {10, 10}}, 2, 320, false);
    ASSERT_EQ(plan.size(), 2U);
    EXPECT_THAT(plan[0].pictures, ElementsAre(0, 1));
    EXPECT_THAT(plan[1].pictures, ElementsAre(2));
    for (const EvalBatch& b : plan) {
        EXPECT_EQ(b.width, 320);
        EXPECT_EQ(b.height, 320);
    }
}

TEST(BatchPlan, RectangularSortsByAspectRatioAndPads) {
    // Heights over widths: 0.75, 2, 1.5, 0.5, 0.75.
    const auto plan =
        plan_batches({{640, 480}, {100, 200}, {200, 300}, {200, 100}, {320, 240}}, 2, 320, true);
    ASSERT_EQ(plan.size(), 3U);
    EXPECT_THAT(plan[0].pictures, ElementsAre(3, 0));
    EXPECT_EQ(plan[0].width, 352);                     // ceil(320/32 + 0.5) strides
    EXPECT_EQ(plan[0].height, 256);                    // ceil(240/32 + 0.5)
    EXPECT_THAT(plan[1].pictures, ElementsAre(4, 2));  // wide and high together: square
    EXPECT_EQ(plan[1].width, 352);
    EXPECT_EQ(plan[1].height, 352);
    EXPECT_THAT(plan[2].pictures, ElementsAre(1));
    EXPECT_EQ(plan[2].width, 192);  // ceil(160/32 + 0.5)
    EXPECT_EQ(plan[2].height, 352);
}

TEST(BatchPlan, NothingToDoAndWrongSizes) {
    EXPECT_TRUE(plan_batches({}, 4, 320, true).empty());
    EXPECT_THROW(plan_batches({{1, 1}}, 0, 320, true), yolodata::Error);
    EXPECT_THROW(plan_batches({{1, 1}}, 1, 100, true), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
