// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "packed_set.hpp"
#include "pack/journal.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/variant_layout.hpp"

namespace yolodata::pack {
namespace {

using testing::drawn_picture;
using testing::DrawnFolder;
using testing::draw_set;
using testing::small_pack;

TEST(PackVariants, VariantsLieWhereTheirLayoutSays) {
    const DrawnFolder folder;
    draw_set(folder, 11, 2);
    folder.write("images/train/103.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small_pack();
    options.set.seed = 5;
    pack(folder.open(), folder / "plain", options);
    options.set.variants = 3;
    options.set.shard_bytes = 30'000;  // shards end amid variants
    const shard::SetIndex index = pack(folder.open(), folder / "out", options).index;
    const shard::ShardSet plain(folder / "plain", "train"), set(folder / "out", "train");
    const shard::VariantLayout layout(index, "train", folder / "out");
    ASSERT_EQ(layout.images(), plain.size());
    for (std::uint64_t image = 0; image < layout.images(); ++image)
        for (std::uint32_t variant = 1; variant <= 3; ++variant) {
            const shard::RecordInfo info = set.info(layout.record(image, variant));
            EXPECT_EQ(info.source, plain.info(image).source);
            EXPECT_EQ(info.variant, variant);
        }
}

TEST(PackVariants, SplitsThatMeasureHaveNoVariants) {
    const DrawnFolder folder;
    draw_set(folder, 5, 4);
    folder.write("images/val/200.jpg", encode_jpeg(drawn_picture(48, 30), 70));  // is taken as it is
    folder.write("images/val/201.jpg", encode_jpeg(drawn_picture(60, 30), 70));
    folder.write("images/val/202.png", "\x89PNG\r\n\x1a\nbroken");
    for (const std::string codec : {"raw", "jpeg"}) {
        PackOptions options = small_pack();
        options.set.codec = codec;
        const shard::SetIndex plain = pack(folder.open(), folder / ("plain-" + codec), options).index;
        options.set.variants = 2;
        std::uint64_t calls = 0;  // images, then pictures
        const auto count = [&](std::uint64_t, std::uint64_t total) { return total == (++calls <= 12 ? 12u : 16u); };
        const PackReport report = pack(folder.open(), folder / ("out-" + codec), options, count);
        ASSERT_EQ(report.outcome, PackOutcome::published);
        EXPECT_EQ(calls, 28u);
        const shard::SetIndex& index = report.index;
        EXPECT_EQ(index.splits[0].records, 10u);
        EXPECT_EQ(index.splits[0].variants, 2);
        EXPECT_EQ(index.splits[1].records, 6u);
        EXPECT_EQ(index.splits[1].variants, 0);
        EXPECT_EQ(index.splits[1].left_out, 1u);
        EXPECT_EQ(index.source_digest, plain.source_digest);
        EXPECT_EQ(index.shards.back().sha256, plain.shards.back().sha256) << codec;
    }
}

TEST(PackVariants, ASetOfVariantsGoesOnFromWhereverItWasStopped) {
    const DrawnFolder folder;
    draw_set(folder, 4, 5);
    folder.write("images/val/100x.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small_pack();
    options.set.variants = 2;
    options.set.shard_bytes = 24'000;  // two pictures
    options.resume = true;
    const std::string expected = shard::to_json(pack(folder.open(), folder / "whole", options).index);
    std::uint64_t most = 0;
    for (const std::uint64_t stop : {4, 11, 15, 19, 20, 21, 22}) {  // of 10 images and 8 + 5 pictures
        const std::string out = folder / ("out" + std::to_string(stop));
        std::uint64_t calls = 0;
        const auto count = [&](std::uint64_t, std::uint64_t) { return ++calls < stop; };
        ASSERT_EQ(pack(folder.open(), out, options, count).outcome, PackOutcome::stopped);
        const PackReport report = pack(folder.open(), out, options);
        most = std::max(most, report.resumed);
        ASSERT_EQ(shard::to_json(report.index), expected) << stop;
    }
    EXPECT_GE(most, 10u);  // of the pictures, the eight of train and some of val
}

TEST(PackVariants, OfSplitsThatMeasureAloneNoVariantsAreMade) {
    const DrawnFolder folder;
    draw_set(folder, 2, 2);
    folder.write("data.yaml", "train: images/train\nval: images/val\ntest: images/val\nnames: [a, b]\n");
    PackOptions options = small_pack();
    options.set.variants = 1;
    options.splits = {"val", "test"};
    try {
        pack(folder.open(), folder / "out", options);
        ADD_FAILURE() << "was packed";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::invalid_argument);
        EXPECT_NE(std::string(e.what()).find("no variants are made of val, test: "), std::string::npos) << e.what();
    }
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(PackVariants, ABadImageThatMeasuresFailsBeforeAVariantIsMade) {
    const DrawnFolder folder;
    draw_set(folder, 5, 2);
    folder.write("images/val/200.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small_pack();
    options.set.variants = 3;
    options.fail_on_bad = true;
    std::uint64_t calls = 0;
    const auto count = [&](std::uint64_t, std::uint64_t) { return ++calls, true; };
    EXPECT_EQ(pack(folder.open(), folder / "out", options, count).outcome, PackOutcome::bad_images);
    EXPECT_EQ(calls, 8u);
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(PackVariants, FlipIdxMustBeAPermutation) {
    const DrawnFolder folder;
    draw_set(folder, 1, 0);
    folder.write("data.yaml", "train: images/train\nval: images/val\nnames: [a, b]\nkpt_shape: [2, 2]\n");
    folder.write("labels/train/100.txt", "0 0.5 0.5 0.25 0.25 0.5 0.5 0.4 0.4\n");
    PackOptions options = small_pack();
    options.set.variants = 1;
    const auto kind = [&](const std::vector<int>& indices) {
        options.augment.flip_idx = indices;
        try {
            pack(folder.open(), folder / "out", options);
        } catch (const Error& e) {
            return std::string(e.what()).find("flip_idx") == std::string::npos ? "another error" : "refused";
        }
        return "packed";
    };
    EXPECT_STREQ(kind({0, 0}), "refused");
    EXPECT_STREQ(kind({-1, 0}), "refused");
    EXPECT_STREQ(kind({0, 1'000'000}), "refused");
    EXPECT_STREQ(kind({0}), "refused");
    EXPECT_STREQ(kind({1, 0}), "packed");
}

}  // namespace
}  // namespace yolodata::pack
