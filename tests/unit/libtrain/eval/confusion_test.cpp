// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/confusion.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace yolotrain {
namespace {

using yolodata::PixelBox;

TEST(Confusion, CountsEachTargetAndEachDetectionOnce) {
    ConfusionMatrix matrix(3);
    matrix.add(std::vector<Detection>{{0, 0, 10, 10, 0.9F, 0, 0},       // right
                                      {0, 0, 10, 9, 0.8F, 0, 0},        // the same again: a false alarm
                                      {50, 0, 60, 10, 0.9F, 2, 0},      // taken for another class
                                      {80, 0, 90, 10, 0.9F, 1, 0},      // where nothing is
                                      {100, 0, 110, 10, 0.25F, 1, 0}},  // not above the threshold
               std::vector<PixelBox>{{0, 0, 0, 10, 10}, {1, 50, 0, 60, 10}, {1, 100, 0, 110, 10}});
    EXPECT_EQ(matrix.count(0, 0), 1);
    EXPECT_EQ(matrix.count(0, 3), 1);
    EXPECT_EQ(matrix.count(2, 1), 1);
    EXPECT_EQ(matrix.count(1, 3), 1);
    EXPECT_EQ(matrix.count(3, 1), 1);
    std::int64_t all = 0;
    for (int found = 0; found <= 3; ++found) {
        for (int truth = 0; truth <= 3; ++truth) all += matrix.count(found, truth);
    }
    EXPECT_EQ(all, 5);
}

TEST(Confusion, TheMostConfidentChoosesFirst) {
    ConfusionMatrix matrix(2);
    // Both detections overlap the first target most; the weaker one is left with the other.
    matrix.add(std::vector<Detection>{{0, 0, 10, 10, 0.9F, 0, 0}, {1, 0, 11, 10, 0.3F, 1, 0}},
               std::vector<PixelBox>{{1, 1, 0, 11, 10}, {0, -2, 0, 8, 10}});
    EXPECT_EQ(matrix.count(0, 1), 1);
    EXPECT_EQ(matrix.count(1, 0), 1);
}

}  // namespace
}  // namespace yolotrain
