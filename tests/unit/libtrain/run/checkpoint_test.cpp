// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/checkpoint.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>

#include "../data/drawn_set.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

/// An image with a value in every field that is not its default.
StateImage full_image(std::int64_t epoch) {
    StateImage image;
    image.counters = {epoch, 7, 41, 2, {1.5, 2.25, 1.0 / 3}, 7, {0.1, 0.2, 0.3}, 3, 1, 0.12345, 4, 3, true, 12.5};
    EpochRow row;
    row.epoch = 1;
    row.map = 1.0 / 7;
    row.train_loss = {1, 2, 3};
    row.lr = {1e-9, 2, 3};
    image.rows = {row};
    image.quarantine = {{5, "a.yds", "images/x \"y\".jpg", "why"}};
    image.ema_updates = 17;
    image.optimizer = OptimizerKind::adamw;
    image.scale = Scale::m;
    image.names = {"grün", "b"};
    image.data_digest = "sha256:ab";
    image.val_digest = "sha256:cd";
    image.epochs = 9;
    image.patience = 8;
    image.args = {{"zeta", "1"}, {"alpha", "two words"}};
    image.tensors = {{"model/a", at::arange(6, at::kFloat).reshape({2, 3}) / 7},
                     {"model/n", at::scalar_tensor(3, at::kLong)}};
    return image;
}

std::vector<std::string> files(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

TEST(Checkpoint, ComesBackAsItWas) {
    const test::ScratchFolder scratch;
    CheckpointStore store(scratch / "state");
    const StateImage saved = full_image(2);
    store.save(saved);
    std::vector<std::string> problems;
    const auto read = store.newest(problems);
    ASSERT_TRUE(read) << (problems.empty() ? "" : problems[0]);
    EXPECT_TRUE(problems.empty());
    EXPECT_EQ(read->counters, saved.counters);
    EXPECT_EQ(read->rows, saved.rows);
    ASSERT_EQ(read->quarantine.size(), 1u);
    EXPECT_EQ(read->quarantine[0].image, saved.quarantine[0].image);
    EXPECT_EQ(read->ema_updates, 17);
    EXPECT_EQ(read->optimizer, OptimizerKind::adamw);
    EXPECT_EQ(read->scale, Scale::m);
    EXPECT_EQ(read->names, saved.names);
    EXPECT_EQ(read->data_digest, saved.data_digest);
    EXPECT_EQ(read->val_digest, saved.val_digest);
    EXPECT_EQ(read->epochs, 9);
    EXPECT_EQ(read->patience, 8);
    EXPECT_EQ(read->args, saved.args);
    ASSERT_EQ(read->tensors.size(), 2u);
    for (const NamedTensor& expected : saved.tensors) {  // a file holds them in an order of its own
        const auto found = std::find_if(read->tensors.begin(), read->tensors.end(),
                                        [&](const NamedTensor& t) { return t.name == expected.name; });
        ASSERT_NE(found, read->tensors.end()) << expected.name;
        EXPECT_TRUE(at::equal(found->tensor, expected.tensor)) << expected.name;
    }
}

TEST(Checkpoint, KeepsALossThatIsNoNumber) {
    const test::ScratchFolder scratch;
    CheckpointStore store(scratch / "state");
    StateImage image = full_image(1);
    image.rows[0].val_loss[1] = std::numeric_limits<double>::quiet_NaN();
    store.save(image);
    std::vector<std::string> problems;
    const auto read = store.newest(problems);
    ASSERT_TRUE(read);
    EXPECT_TRUE(std::isnan(read->rows[0].val_loss[1]));
}

TEST(Checkpoint, TwoAreKept) {
    const test::ScratchFolder scratch;
    CheckpointStore store(scratch / "state");
    for (std::int64_t epoch = 1; epoch <= 4; ++epoch) store.save(full_image(epoch));
    EXPECT_EQ(files(scratch / "state"),
              (std::vector<std::string>{"checkpoint-000003-00000007.json", "checkpoint-000003-00000007.safetensors",
                                        "checkpoint-000004-00000007.json", "checkpoint-000004-00000007.safetensors"}));
}

TEST(Checkpoint, ADamagedByteAnywhereIsFoundAndTheOneBeforeTaken) {
    const test::ScratchFolder scratch;
    const std::string folder = scratch / "state";
    CheckpointStore store(folder);
    store.save(full_image(1));
    store.save(full_image(2));
    for (const char* suffix : {".json", ".safetensors"}) {
        const std::string path = folder + "/checkpoint-000002-00000007" + suffix;
        const std::string good = test::slurp(path);
        const std::size_t stride = std::max<std::size_t>(1, good.size() / 400);
        for (std::size_t at = 0; at < good.size(); at += stride) {
            std::string bad = good;
            bad[at] = static_cast<char>(bad[at] ^ 1);
            std::ofstream(path, std::ios::binary | std::ios::trunc) << bad;
            std::vector<std::string> problems;
            const auto read = store.newest(problems);
            ASSERT_TRUE(read);
            EXPECT_EQ(read->counters.epoch, 1) << suffix << " byte " << at;
            EXPECT_EQ(problems.size(), 1u) << suffix << " byte " << at;
        }
        std::ofstream(path, std::ios::binary | std::ios::trunc) << good;
    }
    std::vector<std::string> problems;
    EXPECT_EQ(store.newest(problems)->counters.epoch, 2);
}

TEST(Checkpoint, TheNextSaveRemovesDamagedOnesAndKeepsTheGoodOneBefore) {
    const test::ScratchFolder scratch;
    const std::string folder = scratch / "state";
    CheckpointStore store(folder);
    store.save(full_image(1));
    store.save(full_image(2));
    std::ofstream(folder + "/checkpoint-000002-00000007.safetensors") << "nothing";
    std::vector<std::string> problems;
    ASSERT_TRUE(store.newest(problems));
    StateImage next = full_image(1);
    next.counters.step = 9;
    store.save(next);
    const auto names = files(folder);
    EXPECT_EQ(names.size(), 4u);
    EXPECT_EQ(names[0], "checkpoint-000001-00000007.json");
    EXPECT_EQ(names[2], "checkpoint-000001-00000009.json");
}

TEST(Checkpoint, ASaveThatWasCutOffDoesNotCount) {
    const test::ScratchFolder scratch;
    const std::string folder = scratch / "state";
    CheckpointStore store(folder);
    store.save(full_image(1));
    std::ofstream(folder + "/checkpoint-000002-00000000.safetensors") << "half";
    std::vector<std::string> problems;
    const auto read = store.newest(problems);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->counters.epoch, 1);
    EXPECT_TRUE(problems.empty());
}

TEST(Checkpoint, NoneIsNoError) {
    std::vector<std::string> problems;
    EXPECT_FALSE(CheckpointStore("/proc/no-such-folder").newest(problems));
    EXPECT_TRUE(problems.empty());
    EXPECT_THROW(CheckpointStore("/proc/no-such-folder").save(full_image(1)), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
