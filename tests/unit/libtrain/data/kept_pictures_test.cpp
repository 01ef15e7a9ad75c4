// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/kept_pictures.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "data/sample_maker.hpp"
#include "drawn_set.hpp"

namespace yolotrain {
namespace {

using yolodata::shard::ShardSet;

constexpr int kImgsz = 32;

struct Kept : testing::Test {
    Kept() {
        test::draw_set(scratch / "coded", 40, 0, kImgsz, "jpeg");
        options.imgsz = kImgsz;
        options.batch = 2;
        options.workers = 3;
        options.augment.mosaic = 1;
    }
    ShardSet coded() const { return ShardSet(scratch / "coded", "train"); }

    test::ScratchFolder scratch;
    LoaderOptions options;
};

TEST_F(Kept, AreTheWindowAndTheSamplesInTheMaking) {
    EXPECT_EQ(kept_pictures(coded(), options), 16u + 3 + 1);
    EXPECT_EQ(kept_picture_bytes(coded(), options), 20u * 3 * kImgsz * kImgsz);
    options.batch = 16;  // the set is smaller than eight of them
    EXPECT_EQ(kept_pictures(coded(), options), 40u + 3 + 1);
    EXPECT_EQ(partner_window(1'000'000, 4096), 1000u);
}

TEST_F(Kept, AreAsManyAsTheBytesHold) {
    options.kept_bytes = 5 * 3 * kImgsz * kImgsz - 1;
    EXPECT_EQ(kept_pictures(coded(), options), 4u);
    options.kept_bytes = 0;
    EXPECT_EQ(kept_pictures(coded(), options), 0u);
}

TEST_F(Kept, AreNoneWhereNothingIsSaved) {
    test::draw_set(scratch / "raw", 40, 0, kImgsz);
    EXPECT_EQ(kept_pictures(ShardSet(scratch / "raw", "train"), options), 0u);
    test::draw_variants(scratch / "variants", 5, 2, kImgsz);
    EXPECT_EQ(kept_pictures(ShardSet(scratch / "variants", "train"), options), 0u);
    options.imgsz = 2 * kImgsz;  // resized
    EXPECT_EQ(kept_pictures(ShardSet(scratch / "raw", "train"), options), 20u);
    options.augment.mosaic = 0;
    EXPECT_EQ(kept_pictures(coded(), options), 0u);
    options.augment.cutmix = 0.1;
    EXPECT_EQ(kept_pictures(coded(), options), 20u);
}

TEST_F(Kept, AreGivenBackInPlainEpochs) {
    options.plain_from = 1;
    const auto set = std::make_shared<const ShardSet>(scratch / "coded", "train");
    const SampleMaker maker(set, std::make_shared<Quarantine>(), options, EpochRecords(*set));
    std::vector<std::uint8_t> planes(3 * kImgsz * kImgsz);
    for (std::uint64_t position = 0; position < 40; ++position) maker.make(0, position, planes.data());
    EXPECT_EQ(maker.kept(), 20u);
    maker.make(1, 0, planes.data());
    EXPECT_EQ(maker.kept(), 0u);
}

}  // namespace
}  // namespace yolotrain
