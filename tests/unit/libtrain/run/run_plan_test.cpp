// SPDX-License-Identifier: Apache-2.0
#include "run/run_plan.hpp"

#include <gtest/gtest.h>

#include "small_run.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

struct RunPlan : testing::Test {
    test::SmallRun run;
    yolodata::shard::ShardSet train{run.data(), "train"};
    StateImage from;  ///< what the run goes on from
};

TEST_F(RunPlan, ARunThatGoesOnKeepsTheOptimizerThatAutoChose) {
    run.options.schedule.epochs = 20'000;
    EXPECT_EQ(plan_schedule(run.options, train, nullptr).optimizer(), OptimizerKind::musgd);
    from.optimizer = OptimizerKind::adamw;
    // However long the run was when it stopped last.
    for (const int epochs : {10, 20'000}) {
        from.epochs = epochs;
        const auto schedule = plan_schedule(run.options, train, &from);
        EXPECT_EQ(schedule.optimizer(), OptimizerKind::adamw);
        EXPECT_NEAR(schedule.initial_lr(), 0.002 * 5 / (4 + 2), 1e-6);
        EXPECT_EQ(schedule.at(100).momentum, 0.9);
    }
    run.options.schedule.epochs = 10;
    from.optimizer = OptimizerKind::musgd;
    EXPECT_EQ(plan_schedule(run.options, train, &from).optimizer(), OptimizerKind::musgd);
    EXPECT_EQ(plan_schedule(run.options, train, &from).initial_lr(), 0.01);
}

TEST_F(RunPlan, AnotherOptimizerThanTheRunsIsRefused) {
    from.scale = run.options.scale;
    from.names = {"cell"};
    from.optimizer = OptimizerKind::adamw;
    run.options.schedule.optimizer = OptimizerChoice::sgd;
    try {
        require_same(from, run.options, train);
        FAIL();
    } catch (const yolodata::Error& error) {
        EXPECT_EQ(error.kind(), yolodata::ErrorKind::forbidden_state);
        EXPECT_NE(std::string(error.what()).find("AdamW"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace yolotrain
