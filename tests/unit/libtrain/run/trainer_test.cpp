// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/trainer.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "small_run.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/model/weights.hpp"

namespace yolotrain {
namespace {

using test::SmallRun;
using test::Watcher;

TEST(Training, FinishesAndWritesItsFiles) {
    SmallRun small;
    Watcher watcher;
    EXPECT_EQ(small.train("a", watcher), Outcome::finished);
    const LoadedWeights last = load_weights(small.run("a") + "/weights/last.safetensors");
    EXPECT_EQ(last.info.names, (std::vector<std::string>{"red", "blue"}));
    EXPECT_EQ(last.info.imgsz, 32);
    EXPECT_FALSE(small.best("a").empty());
    const std::string results = small.results("a");
    EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 4);
    EXPECT_TRUE(watcher.events.empty()) << watcher.events.front().kind << ": " << watcher.events.front().message;
}

TEST(Training, RunsOfOneSeedHaveTheSameBitsAndOthersNot) {
    SmallRun small;
    Watcher watcher;
    small.train("a", watcher);
    small.options.workers = 3;
    small.train("b", watcher);
    EXPECT_EQ(small.last("a"), small.last("b"));
    EXPECT_EQ(small.results("a"), small.results("b"));
    small.options.seed = 4;
    small.train("c", watcher);
    EXPECT_NE(small.last("a"), small.last("c"));
}

/// Four steps an epoch: stops at its start, in the middle, before its end, later.
TEST(Training, StoppedAnywhereAndContinuedHasTheBitsOfOneNeverStopped) {
    SmallRun small;
    Watcher plain;
    ASSERT_EQ(small.train("whole", plain), Outcome::finished);
    for (const int steps : {1, 3, 4, 6, 11}) {
        const std::string name = "after" + std::to_string(steps);
        Watcher watcher;
        watcher.after_step = [&, done = 0]() mutable {
            if (++done == steps) small.stop.request(SIGTERM);
        };
        ASSERT_EQ(small.train(name, watcher), Outcome::stopped);
        ASSERT_FALSE(watcher.events.empty());
        EXPECT_EQ(watcher.events.back().kind, "signal");
        Watcher quiet;
        ASSERT_EQ(small.resume(name, quiet), Outcome::finished);
        EXPECT_EQ(small.last(name), small.last("whole")) << name;
        EXPECT_EQ(small.best(name), small.best("whole")) << name;
        EXPECT_EQ(small.results(name), small.results("whole")) << name;
    }
}

TEST(Training, StoppedAtEveryBoundaryStillEndsTheSame) {
    SmallRun small;
    small.options.schedule.epochs = 2;
    Watcher plain;
    ASSERT_EQ(small.train("whole", plain), Outcome::finished);
    Watcher watcher;
    watcher.after_step = [&] { small.stop.request(SIGINT); };
    int stops = 0;
    for (Outcome outcome = small.train("often", watcher); outcome == Outcome::stopped; ++stops) {
        ASSERT_LT(stops, 20);
        outcome = small.resume("often", watcher);
    }
    EXPECT_GE(stops, 7);
    EXPECT_EQ(small.last("often"), small.last("whole"));
    EXPECT_EQ(small.results("often"), small.results("whole"));
}

TEST(Training, StoppedInAValidationItValidatesAgain) {
    SmallRun small;
    small.options.schedule.epochs = 2;
    Watcher plain;
    ASSERT_EQ(small.train("whole", plain), Outcome::finished);
    Watcher watcher;
    watcher.in_validation = [&] { small.stop.request(SIGTERM); };
    ASSERT_EQ(small.train("stopped", watcher), Outcome::stopped);
    EXPECT_FALSE(std::filesystem::exists(small.run("stopped") + "/results.csv"));
    Watcher quiet;
    ASSERT_EQ(small.resume("stopped", quiet), Outcome::finished);
    EXPECT_EQ(small.results("stopped"), small.results("whole"));
}

TEST(Training, ContinuesFromTheCheckpointBeforeADamagedOne) {
    SmallRun small;
    Watcher plain;
    ASSERT_EQ(small.train("whole", plain), Outcome::finished);
    Watcher watcher;
    watcher.after_step = [&, done = 0]() mutable {
        if (++done == 10) small.stop.request(SIGTERM);
    };
    ASSERT_EQ(small.train("damaged", watcher), Outcome::stopped);
    const std::string newest = small.run("damaged") + "/state/checkpoint-000002-00000002.safetensors";
    std::string bytes = test::slurp(newest);
    ASSERT_GT(bytes.size(), 1000u);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    std::ofstream(newest, std::ios::binary | std::ios::trunc) << bytes;
    std::vector<std::string> problems;
    Watcher quiet;
    ASSERT_EQ(small.resume("damaged", quiet, &problems), Outcome::finished);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_NE(problems[0].find("checkpoint-000002-00000002"), std::string::npos);
    EXPECT_EQ(small.last("damaged"), small.last("whole"));
    EXPECT_EQ(small.results("damaged"), small.results("whole"));
}

TEST(Training, DropsNonFiniteStepsAndLeavesTheNetworkAsItWas) {
    SmallRun small;
    small.options.schedule.epochs = 1;
    small.options.gains.box = 1e39;  // infinite in float32
    Watcher watcher;
    ASSERT_EQ(small.train("inf", watcher), Outcome::finished);
    std::size_t dropped = 0;
    for (const Event& event : watcher.events) dropped += event.kind == "non-finite";
    EXPECT_EQ(dropped, 4u);
    const LoadedWeights last = load_weights(small.run("inf") + "/weights/last.safetensors");
    const YoloV8 initial(Scale::n, 2, small.options.seed);
    for (std::size_t i = 0; i < initial.state().size(); ++i) {
        EXPECT_TRUE(at::equal(last.model.state()[i].tensor, initial.state()[i].tensor)) << initial.state()[i].name;
    }
}

TEST(Training, NamesABadRecordAndGoesOn) {
    SmallRun small;
    small.options.schedule.epochs = 1;
    test::damage_record(small.data(), "train", 6);
    Watcher watcher;
    ASSERT_EQ(small.train("bad", watcher), Outcome::finished);
    ASSERT_EQ(watcher.events.size(), 1u);
    EXPECT_EQ(watcher.events[0].kind, "bad-record");
    EXPECT_EQ(watcher.events[0].record, 6);
    EXPECT_EQ(watcher.events[0].image, "images/6.png");
    EXPECT_NE(test::slurp(small.run("bad") + "/events.jsonl").find("\"record\":6"), std::string::npos);
}

TEST(Training, RefusesToContinueOnOtherData) {
    SmallRun small;
    small.options.schedule.epochs = 1;
    Watcher watcher;
    small.train("a", watcher);
    test::draw_set(small.data(), 12, 14, 32);
    small.options.schedule.epochs = 2;
    try {
        small.resume("a", watcher);
        FAIL() << "other data were taken";
    } catch (const yolodata::Error& error) {
        EXPECT_EQ(error.kind(), yolodata::ErrorKind::forbidden_state);
    }
}

TEST(Training, DoesNotCompareWhatWasMeasuredOnOtherPictures) {
    SmallRun run;
    Watcher watcher;
    ASSERT_EQ(run.train("a", watcher), Outcome::finished);
    std::vector<std::string> problems;
    auto image = CheckpointStore(run.run("a") + "/state").newest(problems);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->val_digest, open_shard_source(run.data(), "val")->digest());
    image->counters.best_fitness = 0.99;  // not reached again
    image->counters.best_epoch = 2;
    run.options.schedule.epochs = 4;
    const auto best_epoch = [&](const std::string& digest) {
        image->val_digest = digest;
        watcher.events.clear();
        run.train("a", watcher, &*image);
        return CheckpointStore(run.run("a") + "/state").newest(problems)->counters.best_epoch;
    };
    EXPECT_EQ(best_epoch(image->val_digest), 2);
    EXPECT_TRUE(watcher.events.empty());
    EXPECT_EQ(best_epoch(""), 2) << "a checkpoint that does not say on what it was measured";
    EXPECT_TRUE(watcher.events.empty());
    EXPECT_EQ(best_epoch("sha256:other"), 4);
    ASSERT_EQ(watcher.events.size(), 1u);
    EXPECT_EQ(watcher.events[0].kind, "val-data-changed");
}

TEST(Training, GoesOnWithMoreEpochs) {
    SmallRun small;
    small.options.schedule.epochs = 1;
    Watcher watcher;
    small.train("a", watcher);
    small.options.schedule.epochs = 2;
    ASSERT_EQ(small.resume("a", watcher), Outcome::finished);
    const std::string results = small.results("a");
    EXPECT_EQ(std::count(results.begin(), results.end(), '\n'), 3);
}

TEST(Training, StartsFromWeights) {
    SmallRun small;
    small.options.schedule.epochs = 1;
    Watcher watcher;
    small.train("a", watcher);
    small.options.weights = small.run("a") + "/weights/last.safetensors";
    small.train("b", watcher);
    EXPECT_NE(small.last("a"), small.last("b"));
}

TEST(Schedule, MosaicClosesLikeUltralytics) {
    EXPECT_EQ(first_plain_epoch(100, 10), 90);
    EXPECT_EQ(first_plain_epoch(10, 10), 0);
    EXPECT_EQ(first_plain_epoch(5, 10), -1);
    EXPECT_EQ(first_plain_epoch(100, 0), -1);
}

}  // namespace
}  // namespace yolotrain
