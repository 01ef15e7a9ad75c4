// SPDX-License-Identifier: Apache-2.0
#include "yolodata/repair/plan.hpp"

#include <gmock/gmock.h>
#include <unistd.h>

#include "../verify/small_dataset.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class PlanTest : public SmallDataset {
 protected:
    PlanTest() {
        for (int i = 0; i < 20; ++i)
            put_pair("train/t" + std::to_string(i), i, std::to_string(i % 2) + " .5 .5 .4 .4\n");
        put_pair("val/v", 100, "1 .5 .5 .4 .4\n0 .2 .2 .1 .1\n");
    }
    RepairPlan plan(std::vector<std::string> rules = {}, int jobs = 2) const {
        RepairOptions options;
        options.rules = std::move(rules);
        options.verify.jobs = jobs;
        return plan_repair(open(), options);
    }
    static std::vector<std::string> lines(const RepairPlan& plan) {
        std::vector<std::string> all;
        for (const Change& change : plan.changes)
            all.push_back(std::string(to_string(change.action)) + " " + change.path);
        return all;
    }
};

TEST_F(PlanTest, NothingForACleanSet) {
    EXPECT_THAT(lines(plan()), IsEmpty());
    EXPECT_THAT(plan().left, IsEmpty());
}

TEST_F(PlanTest, TheSameWhateverTheJobs) {
    for (int i = 0; i < 20; i += 2)
        put("labels/train/t" + std::to_string(i) + ".txt", "7 .5 .5 .4 .4\n0 .9 .5 .4 .4\n");
    for (int i = 0; i < 20; i += 5)
        put("images/train/t" + std::to_string(i) + ".jpg", picture(i).substr(0, 500));
    const auto one = lines(plan({}, 1));
    EXPECT_GT(one.size(), 10u);
    EXPECT_EQ(lines(plan({}, 8)), one);
}

TEST_F(PlanTest, APictureThatIsMovedIsNotMendedToo) {
    put("images/train/t0.jpg", picture(0).substr(0, 500));
    put("labels/train/t0.txt", "7 .5 .5 .4 .4\n");
    EXPECT_THAT(lines(plan()),
                ElementsAre("quarantine images/train/t0.jpg", "quarantine labels/train/t0.txt"));
    EXPECT_THAT(lines(plan({"label/*"})), ElementsAre("rewrite labels/train/t0.txt"));
}

TEST_F(PlanTest, ALabelOfTwoImagesIsPlannedOnce) {
    put("images/train/t0.png", picture(55));
    put("labels/train/t0.txt", "7 .5 .5 .4 .4\n1 .5 .5 .4 .4\n");
    EXPECT_THAT(lines(plan()), ElementsAre("rewrite labels/train/t0.txt"));
    put("images/train/t0.jpg", picture(0).substr(0, 500));
    EXPECT_THAT(lines(plan()),
                ElementsAre("quarantine images/train/t0.jpg", "rewrite labels/train/t0.txt"));
}

TEST_F(PlanTest, PixelsOfTwoSizesAreNotMixed) {
    put("images/train/t0.png", picture(55, 192, 128));
    put("labels/train/t0.txt", "0 40 30 20 10\n");
    const RepairPlan made = plan({"label/pixel-coordinates"});
    EXPECT_THAT(lines(made), ElementsAre("rewrite labels/train/t0.txt"));
    ASSERT_EQ(made.left.size(), 1u);
    EXPECT_THAT(made.left[0].reason, HasSubstr("two images"));
}

TEST_F(PlanTest, WhatOnlyThisMachineCannotHoldIsNoFault) {
    RepairOptions options;
    options.verify.max_memory = 100;
    const RepairPlan made = plan_repair(open(), options);
    EXPECT_THAT(made.changes, IsEmpty());
    EXPECT_EQ(made.left.size(), 21u);
}

TEST_F(PlanTest, ProgressCanStop) {
    put("labels/train/t0.txt", "7 .5 .5 .4 .4\n");
    RepairOptions options;
    EXPECT_TRUE(plan_repair(open(), options, [](auto, auto) { return false; }).stopped);
    EXPECT_TRUE(plan_repair(open(), options, [](auto, auto total) { return total > 1; }).stopped);
}

TEST_F(PlanTest, LinksAreLeft) {
    put("elsewhere.txt", "7 .5 .5 .4 .4\n");
    const std::string label = at("labels/train/t0.txt");
    ASSERT_EQ(::unlink(label.c_str()), 0);
    ASSERT_EQ(::symlink("../../elsewhere.txt", label.c_str()), 0);
    const RepairPlan made = plan();
    EXPECT_THAT(made.changes, IsEmpty());
    ASSERT_EQ(made.left.size(), 1u);
    EXPECT_THAT(made.left[0].reason, HasSubstr("symbolic link"));
}

}  // namespace
}  // namespace yolodata
