// SPDX-License-Identifier: Apache-2.0
#include "run/epoch_end.hpp"

#include <gtest/gtest.h>

#include "yolotrain/run/trainer.hpp"

namespace yolotrain {
namespace {

struct Epochs : testing::Test {
    Epochs() : state(fresh_state(YoloV8(Scale::n, 1), OptimizerKind::sgd, 0, "cpu")) {}

    EpochVerdict end(double map, int patience = 3) {
        ValResult result;
        result.map = map;
        const EpochVerdict verdict = judge_epoch(state, result, patience);
        begin_next_epoch(state, verdict);
        return verdict;
    }

    TrainState state;
};

TEST_F(Epochs, TheBestIsTheLaterOfEquals) {
    EXPECT_TRUE(end(0.2).best);
    EXPECT_FALSE(end(0.1).best);
    EXPECT_TRUE(end(0.2).best);
    EXPECT_EQ(state.counters.best_epoch, 3);
    EXPECT_FALSE(end(0.199994).best);
    EXPECT_TRUE(end(0.199996).best) << "equal in five digits";
}

TEST_F(Epochs, PatienceCountsFromTheLastStrictlyBetterEpoch) {
    EXPECT_FALSE(end(0.2).stop);
    EXPECT_FALSE(end(0.2).stop);
    EXPECT_FALSE(end(0.2).stop);
    EXPECT_TRUE(end(0.2).stop);
    EXPECT_TRUE(state.counters.stopped_early);
}

TEST_F(Epochs, PatienceDoesNotRunWhileNothingIsFound) {
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(end(0).stop);
    EXPECT_TRUE(end(0).best) << "until something is found the newest weights are kept";
}

TEST_F(Epochs, OnOtherPicturesBestAndPatienceBeginAnew) {
    end(0.5);
    end(0.4);
    forget_best(state.counters);
    EXPECT_EQ(state.counters.patience_epoch, 2);
    EXPECT_TRUE(end(0.1).best);
    EXPECT_EQ(state.counters.best_epoch, 3);
    EXPECT_EQ(state.counters.best_fitness, 0.1);
    EXPECT_FALSE(end(0.05).stop);
    EXPECT_FALSE(end(0.05).stop);
    EXPECT_TRUE(end(0.05).stop);
}

TEST_F(Epochs, PatienceZeroNeverStops) {
    end(0.5);
    for (int i = 0; i < 200; ++i) EXPECT_FALSE(end(0.1, 0).stop);
}

TEST_F(Epochs, TheRowHoldsMeansOfTheStepsAndCountsFromOne) {
    state.counters.loss_sum = {6, 3, 9};
    state.counters.loss_steps = 3;
    const EpochVerdict verdict = judge_epoch(state, std::nullopt, 3);
    begin_next_epoch(state, verdict);
    EXPECT_EQ(verdict.row.epoch, 1);
    EXPECT_EQ(verdict.row.train_loss, (std::array<double, 3>{2, 1, 3}));
    EXPECT_TRUE(verdict.best) << "nothing measured yet: the newest weights are the best known";
    EXPECT_EQ(state.counters.loss_steps, 0);
    EXPECT_EQ(state.counters.epoch, 1);
}

TEST(Finished, MeansAllEpochsOrPatienceUsedUp) {
    StateImage image;
    image.epochs = 10;
    image.patience = 5;
    image.counters.epoch = 4;
    EXPECT_FALSE(is_finished(image, 10, 5));
    EXPECT_TRUE(is_finished(image, 4, 5));
    EXPECT_TRUE(is_finished(image, 3, 5));
    image.counters.stopped_early = true;
    EXPECT_TRUE(is_finished(image, 10, 5));
    EXPECT_FALSE(is_finished(image, 11, 5)) << "more epochs";
    EXPECT_FALSE(is_finished(image, 10, 6)) << "more patience";
    EXPECT_FALSE(is_finished(image, 10, 0)) << "endless patience";
}

}  // namespace
}  // namespace yolotrain
