// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/class_weights.hpp"

#include <gtest/gtest.h>

#include "drawn_set.hpp"

namespace yolotrain {
namespace {

TEST(ClassWeights, AreInverseFrequenciesWithMeanOne) {
    // 1/1, 1/4, 1/16 have the mean 7/16.
    const auto full = class_weights({1, 4, 16}, 1);
    ASSERT_EQ(full.size(), 3u);
    EXPECT_DOUBLE_EQ(full[0], 16.0 / 7);
    EXPECT_DOUBLE_EQ(full[1], 4.0 / 7);
    EXPECT_DOUBLE_EQ(full[2], 1.0 / 7);
    // Their roots 1, 1/2, 1/4 have the mean 7/12.
    const auto half = class_weights({1, 4, 16}, 0.5);
    EXPECT_DOUBLE_EQ(half[0], 12.0 / 7);
    EXPECT_DOUBLE_EQ(half[1], 6.0 / 7);
    EXPECT_DOUBLE_EQ(half[2], 3.0 / 7);
}

TEST(ClassWeights, AClassThatDoesNotOccurCountsAsOneRow) {
    EXPECT_EQ(class_weights({0, 3}, 1), class_weights({1, 3}, 1));
    EXPECT_EQ(class_weights({0, 0}, 1), (std::vector<double>{1, 1}));
    EXPECT_EQ(class_weights({5, 70}, 0), (std::vector<double>{1, 1}));
}

TEST(ClassWeights, RowsAreCountedByClass) {
    const test::ScratchFolder scratch;
    test::draw_set(scratch / "set", 7, 0, 32);  // one box each: classes 0 1 0 1 0 1 0
    const yolodata::shard::ShardSet set(scratch / "set", "train");
    EXPECT_EQ(count_classes(set, 2), (std::vector<std::uint64_t>{4, 3}));
    EXPECT_EQ(count_classes(set, 1), (std::vector<std::uint64_t>{4})) << "others do not count";
}

}  // namespace
}  // namespace yolotrain
