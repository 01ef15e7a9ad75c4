// SPDX-License-Identifier: Apache-2.0
#include "run/device_feed.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "../data/drawn_set.hpp"

namespace yolotrain {
namespace {

std::unique_ptr<TrainLoader> loader_of(const std::string& folder) {
    LoaderOptions options;
    options.imgsz = 32;
    options.batch = 4;
    return std::make_unique<TrainLoader>(std::make_shared<const yolodata::shard::ShardSet>(folder, "train"),
                                         std::make_shared<Quarantine>(), options);
}

/// Every batch of two epochs, and one step back.
void compare(const std::string& folder, at::Device device) {
    const auto expected = loader_of(folder), source = loader_of(folder);
    DeviceFeed feed(*source, device, 2);
    for (const auto& [epoch, step] : {std::pair{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {0, 1}, {1, 2}}) {
        const Batch got = feed.batch(epoch, step), same = expected->batch(epoch, step);
        EXPECT_EQ(got.images.device().type(), device.type());
        EXPECT_TRUE(at::equal(got.images.cpu(), same.images)) << epoch << ' ' << step;
        EXPECT_TRUE(at::equal(got.targets.cpu(), same.targets)) << epoch << ' ' << step;
        EXPECT_EQ(got.records, same.records);
    }
}

TEST(DeviceFeed, OnTheCpuGivesTheLoadersBatches) {
    const test::ScratchFolder scratch;
    test::draw_set(scratch / "set", 10, 0, 32);
    compare(scratch / "set", at::kCPU);
}

TEST(DeviceFeed, OnAGpuGivesTheSameBatches) {
    if (!at::hasCUDA()) GTEST_SKIP() << "this LibTorch sees no CUDA device";
    const test::ScratchFolder scratch;
    test::draw_set(scratch / "set", 10, 0, 32);
    compare(scratch / "set", at::Device("cuda:0"));
}

}  // namespace
}  // namespace yolotrain
