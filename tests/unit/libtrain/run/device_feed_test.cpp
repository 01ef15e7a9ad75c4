// SPDX-License-Identifier: Apache-2.0
#include "run/device_feed.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "../data/drawn_set.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {
namespace {

std::unique_ptr<TrainLoader> loader_of(const std::string& folder) {
    LoaderOptions options;
    options.imgsz = 32;
    options.batch = 4;
    return std::make_unique<TrainLoader>(std::make_shared<const yolodata::shard::ShardSet>(folder, "train"),
                                         std::make_shared<Quarantine>(), options);
}

DeviceFeed::Source source_of(TrainLoader& loader, std::int64_t epochs) {
    return {[&loader](std::int64_t epoch, std::int64_t step) { return loader.batch(epoch, step); }, loader.steps(),
            epochs};
}

/// Every batch of two epochs, and one step back.
void compare(const std::string& folder, at::Device device, DeviceFeed::Ahead ahead = DeviceFeed::Ahead::by_device) {
    const auto expected = loader_of(folder), source = loader_of(folder);
    DeviceFeed feed(source_of(*source, 2), device, ahead);
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
    compare(scratch / "set", at::kCPU, DeviceFeed::Ahead::always);
}

using Place = std::pair<std::int64_t, std::int64_t>;

/// What a feed of two epochs of three steps asks its source for, and a step that fails `failures` times.
struct Asked {
    DeviceFeed::Source source() {
        return {[this](std::int64_t epoch, std::int64_t step) {
                    places.emplace_back(epoch, step);
                    if (Place(epoch, step) == bad && failures-- > 0) throw std::runtime_error("bad step");
                    Batch batch;
                    batch.records = {static_cast<std::uint64_t>(10 * epoch + step)};
                    return batch;
                },
                3, 2};
    }
    std::vector<Place> places;
    Place bad{-1, -1};
    int failures = 0;
};

TEST(DeviceFeed, MakesTheBatchAfterAheadAndNoneTwice) {
    Asked asked;
    DeviceFeed feed(asked.source(), at::kCPU, DeviceFeed::Ahead::always);
    feed.batch(0, 0);
    EXPECT_EQ(asked.places, (std::vector<Place>{{0, 0}, {0, 1}}));
    for (const auto& [epoch, step] : std::vector<Place>{{0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}) {
        EXPECT_EQ(feed.batch(epoch, step).records[0], static_cast<std::uint64_t>(10 * epoch + step));
    }
    EXPECT_EQ(asked.places, (std::vector<Place>{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}})) << "nothing past it";
}

TEST(DeviceFeed, AnErrorOfTheBatchAfterLeavesThisOneGood) {
    Asked asked;
    asked.bad = {0, 1};
    asked.failures = 2;
    DeviceFeed feed(asked.source(), at::kCPU, DeviceFeed::Ahead::always);
    EXPECT_EQ(feed.batch(0, 0).records[0], 0u);
    EXPECT_THROW(feed.batch(0, 1), std::runtime_error) << "it is asked for again, and fails again";
    EXPECT_EQ(feed.batch(0, 1).records[0], 1u);
    EXPECT_EQ(asked.places, (std::vector<Place>{{0, 0}, {0, 1}, {0, 1}, {0, 1}, {0, 2}}));
}

TEST(DeviceFeed, OnAGpuGivesTheSameBatches) {
    if (!at::hasCUDA()) GTEST_SKIP() << "this LibTorch sees no CUDA device";
    const test::ScratchFolder scratch;
    test::draw_set(scratch / "set", 10, 0, 32);
    compare(scratch / "set", at::Device("cuda:0"));
}

}  // namespace
}  // namespace yolotrain
