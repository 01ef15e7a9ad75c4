// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/pack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "drawn_folder.hpp"
#include "pack/journal.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/variant_layout.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata::pack {
namespace {

using testing::drawn_picture;
using testing::DrawnFolder;

void draw(const DrawnFolder& folder, int train, int val) {
    for (int i = 0; i < train + val; ++i) {
        const std::string name = (i < train ? "train/" : "val/") + std::to_string(100 + i);
        folder.write("images/" + name + ".png", encode_png(drawn_picture(40 + i, 30, i % 6)));
        if (i % 3 != 0) folder.write("labels/" + name + ".txt", "1 0.5 0.5 0.25 0.25\n0 0.25 0.5 0.125 0.5\n");
    }
}

PackOptions small() {
    PackOptions options;
    options.set.imgsz = 48;
    options.jobs = 2;
    return options;
}

TEST(Pack, TheSourceDigestIsTheOneOfVerify) {
    const DrawnFolder folder;
    draw(folder, 4, 2);
    const Dataset dataset = folder.open();
    const std::string verified = verify(dataset, {}).digest;
    EXPECT_EQ(pack(dataset, folder / "out", small()).index.source_digest, verified);
    PackOptions one = small();
    one.splits = {"val"};  // the digest is that of the whole dataset all the same
    EXPECT_EQ(pack(dataset, folder / "val", one).index.source_digest, verified);
}

TEST(Pack, ChosenSplitsComeInTheDatasetsOrder) {
    const DrawnFolder folder;
    draw(folder, 3, 2);
    PackOptions options = small();
    options.splits = {"val", "train"};
    pack(folder.open(), folder / "out", options);
    EXPECT_EQ(shard::list_splits(folder / "out"), (std::vector<std::string>{"train", "val"}));
    options.splits = {"test"};
    EXPECT_THROW(pack(folder.open(), folder / "other", options), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

TEST(Pack, ASplitWithoutImagesIsEmpty) {
    const DrawnFolder folder;
    draw(folder, 3, 0);
    const PackReport report = pack(folder.open(), folder / "out", small());
    EXPECT_EQ(report.outcome, PackOutcome::published);
    ASSERT_EQ(report.index.splits.size(), 2u);
    EXPECT_EQ(shard::ShardSet(folder / "out", "val").size(), 0u);
    EXPECT_EQ(shard::ShardSet(folder / "out", "train").size(), 3u);
}

TEST(Pack, TheProgressCallbackCountsAndStops) {
    const DrawnFolder folder;
    draw(folder, 10, 2);
    std::uint64_t calls = 0;
    pack(folder.open(), folder / "out", small(), [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_EQ(done, ++calls);
        EXPECT_EQ(total, 12u);
        return true;
    });
    EXPECT_EQ(calls, 12u);
    const PackReport stopped =
        pack(folder.open(), folder / "stopped", small(), [](std::uint64_t done, std::uint64_t) { return done < 3; });
    EXPECT_EQ(stopped.outcome, PackOutcome::stopped);
    EXPECT_FALSE(std::filesystem::exists(folder / "stopped"));
    struct Signal {};
    const auto raise = [](std::uint64_t, std::uint64_t) -> bool { throw Signal{}; };
    EXPECT_THROW(pack(folder.open(), folder / "thrown", small(), raise), Signal);
    EXPECT_FALSE(std::filesystem::exists(folder / "thrown"));
}

TEST(Pack, IfChangedSeesEveryKindOfChange) {
    const DrawnFolder folder;
    draw(folder, 3, 1);
    PackOptions options = small();
    options.if_changed = true;
    const auto outcome = [&] { return pack(folder.open(), folder / "out", options).outcome; };
    EXPECT_EQ(outcome(), PackOutcome::published);
    EXPECT_EQ(outcome(), PackOutcome::up_to_date);
    options.jobs = 3;
    EXPECT_EQ(outcome(), PackOutcome::up_to_date);  // how it is done changes nothing
    options.set.seed = 1;
    EXPECT_EQ(outcome(), PackOutcome::published);
    options.splits = {"train"};
    EXPECT_EQ(outcome(), PackOutcome::published);
    folder.write("data.yaml", "train: images/train\nval: images/val\nnames: [a, c]\n");
    EXPECT_EQ(outcome(), PackOutcome::published);
    folder.write("images/val/new.png", encode_png(drawn_picture(33, 33)));
    EXPECT_EQ(outcome(), PackOutcome::published);  // not packed, but the dataset is another one
    EXPECT_EQ(outcome(), PackOutcome::up_to_date);
}

TEST(Pack, AStopIsAnsweredWhileTheSourceIsHashed) {
    const DrawnFolder folder;
    draw(folder, 4, 2);
    PackOptions options = small();
    options.if_changed = true;
    const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
    const std::string digest = pack(folder.open(), folder / "out", options).index.digest;
    EXPECT_EQ(pack(folder.open(), folder / "out", options, stop).outcome, PackOutcome::stopped);
    EXPECT_EQ(shard::read_set_index(folder / "out").digest, digest);
    // So is it while plain pictures are, which then are neither trusted nor packed anew.
    options.set.variants = 1;
    options.parts = 2;
    pack(folder.open(), folder / "parts", options);
    const auto is_stamp = [](const auto& entry) { return entry.path().filename() == "part.source"; };
    std::vector<std::filesystem::path> stamps;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "parts"))
        if (is_stamp(entry)) stamps.push_back(entry.path());
    ASSERT_EQ(stamps.size(), 2u);
    for (const auto& stamp : stamps) std::filesystem::remove(stamp);
    options.part = 2;
    std::uint64_t calls = 0;
    EXPECT_EQ(pack(folder.open(), folder / "parts", options, [&](std::uint64_t, std::uint64_t) { return ++calls, false; }).outcome, PackOutcome::stopped);
    EXPECT_EQ(calls, 1u);
    for (const auto& stamp : stamps) EXPECT_TRUE(std::filesystem::exists(stamp.parent_path() / "index.json"));
    EXPECT_EQ(pack(folder.open(), folder / "parts", options).outcome, PackOutcome::published);
}

TEST(Pack, OptionsOutOfRangeAreRefusedBeforeAnythingIsWritten) {
    const DrawnFolder folder;
    draw(folder, 1, 0);
    const auto refused = [&](auto change) {
        PackOptions options = small();
        change(options);
        try {
            pack(folder.open(), folder / "out", options);
            return false;
        } catch (const Error& e) {
            return e.kind() == ErrorKind::invalid_argument && !std::filesystem::exists(folder / "out");
        }
    };
    EXPECT_TRUE(refused([](PackOptions& o) { o.set.imgsz = 0; }));
    EXPECT_TRUE(refused([](PackOptions& o) { o.set.codec = "zip"; }));
    EXPECT_TRUE(refused([](PackOptions& o) { o.set.quality = 0; }));
    EXPECT_TRUE(refused([](PackOptions& o) { o.set.variants = -1; }));
    EXPECT_TRUE(refused([](PackOptions& o) { o.jobs = 0; }));
}

/// Nine images of which the fourth is broken, in shards of two records or so.
PackOptions draw_with_a_bad_one(const DrawnFolder& folder) {
    draw(folder, 9, 3);
    folder.write("images/train/103.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small();
    options.set.shard_bytes = 30'000;
    options.jobs = 1;
    return options;
}

TEST(Pack, SkippingAfterAFailureLeavesNoGoodImageOut) {
    const DrawnFolder folder;
    PackOptions options = draw_with_a_bad_one(folder);
    const shard::SetIndex expected = pack(folder.open(), folder / "whole", options).index;
    ASSERT_GT(expected.shards.size(), 2u);
    options.resume = options.fail_on_bad = true;
    std::uint64_t calls = 0;
    const auto count = [&](std::uint64_t done, std::uint64_t) { return done == ++calls; };
    EXPECT_EQ(pack(folder.open(), folder / "out", options, count).outcome, PackOutcome::bad_images);
    EXPECT_EQ(calls, 12u);
    options.fail_on_bad = false;
    const PackReport report = pack(folder.open(), folder / "out", options);
    EXPECT_EQ(report.outcome, PackOutcome::published);
    EXPECT_EQ(shard::to_json(report.index), shard::to_json(expected));
}

TEST(Pack, AFinishedPlainSetWithBadImagesIsAFailureToo) {
    const DrawnFolder folder;
    PackOptions options = draw_with_a_bad_one(folder);
    options.resume = true;
    options.set.variants = 1;
    std::uint64_t calls = 0;  // twelve of the plain set, then its variants begin
    const auto stop = [&](std::uint64_t, std::uint64_t) { return ++calls < 14; };
    ASSERT_EQ(pack(folder.open(), folder / "out", options, stop).outcome, PackOutcome::stopped);
    options.fail_on_bad = true;
    const PackReport report = pack(folder.open(), folder / "out", options);
    EXPECT_EQ(report.outcome, PackOutcome::bad_images);
    ASSERT_EQ(report.index.left_out.size(), 1u);
    EXPECT_FALSE(shard::is_shard_set(folder / "out"));
}

TEST(Pack, VariantsLieWhereTheirLayoutSays) {
    const DrawnFolder folder;
    draw(folder, 11, 2);
    folder.write("images/train/103.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small();
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

TEST(Pack, SplitsThatMeasureHaveNoVariants) {
    const DrawnFolder folder;
    draw(folder, 5, 4);
    folder.write("images/val/200.jpg", encode_jpeg(drawn_picture(48, 30), 70));  // is taken as it is
    folder.write("images/val/201.jpg", encode_jpeg(drawn_picture(60, 30), 70));
    folder.write("images/val/202.png", "\x89PNG\r\n\x1a\nbroken");
    for (const std::string codec : {"raw", "jpeg"}) {
        PackOptions options = small();
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

TEST(Pack, ASetOfVariantsGoesOnFromWhereverItWasStopped) {
    const DrawnFolder folder;
    draw(folder, 4, 5);
    folder.write("images/val/100x.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small();
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

TEST(Pack, OfSplitsThatMeasureAloneNoVariantsAreMade) {
    const DrawnFolder folder;
    draw(folder, 2, 2);
    folder.write("data.yaml", "train: images/train\nval: images/val\ntest: images/val\nnames: [a, b]\n");
    PackOptions options = small();
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

TEST(Pack, ABadImageThatMeasuresFailsBeforeAVariantIsMade) {
    const DrawnFolder folder;
    draw(folder, 5, 2);
    folder.write("images/val/200.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small();
    options.set.variants = 3;
    options.fail_on_bad = true;
    std::uint64_t calls = 0;
    const auto count = [&](std::uint64_t, std::uint64_t) { return ++calls, true; };
    EXPECT_EQ(pack(folder.open(), folder / "out", options, count).outcome, PackOutcome::bad_images);
    EXPECT_EQ(calls, 8u);
    EXPECT_FALSE(std::filesystem::exists(folder / "out"));
}

TEST(Pack, PartsOfDifferentListsAreNotMerged) {
    const DrawnFolder folder;
    draw(folder, 6, 0);
    PackOptions options = small();
    options.parts = 2;
    pack(folder.open(), folder / "out", options);
    // Two images more: the second half begins at the fifth now, and nobody has the fourth.
    for (const char* name : {"images/train/200.png", "images/train/201.png"}) folder.write(name, encode_png(drawn_picture(20, 20)));
    options.part = 2;
    pack(folder.open(), folder / "out", options);
    EXPECT_THROW(merge(folder / "out", false), Error);
    EXPECT_FALSE(shard::is_shard_set(folder / "out"));
    options.part = 1;
    options.if_changed = true;  // sees that its list is another one
    EXPECT_EQ(pack(folder.open(), folder / "out", options).outcome, PackOutcome::published);
    const std::string digest = merge(folder / "out", false).index.source_digest;
    EXPECT_EQ(digest, verify(folder.open(), {}).digest);
    EXPECT_EQ(shard::ShardSet(folder / "out", "train").size(), 8u);
}

TEST(Pack, FoldersThatNoPartIsCalledAreNoParts) {
    const DrawnFolder folder;
    for (const char* name : {"a-of-b", "x-of-0", "0-of-0", "3-of-2", "01-of-1", "1-of-99999999999", "-1-of-1"})
        std::filesystem::create_directories(folder / (std::string("out/.parts/") + name));
    try {
        merge(folder / "out", false);
        ADD_FAILURE() << "merged nothing";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::not_found) << e.what();
    }
}

TEST(Pack, PartsOfDifferentClassesOrKeypointsAreNotMerged) {
    for (const auto& [second, first] : {std::pair("nc: 2\n", "nc: 3\n"), {"nc: 3\nkpt_shape: [1, 2]\n", "nc: 3\nkpt_shape: [2, 2]\n"}}) {
        const DrawnFolder folder;
        for (int i = 0; i < 4; ++i) folder.write("images/train/" + std::to_string(i) + ".png", encode_png(drawn_picture(40, 30)));
        folder.write("images/val/0.png", encode_png(drawn_picture(40, 30)));
        const std::string head = "train: images/train\nval: images/val\n";
        PackOptions options = small();
        options.parts = 2;
        options.part = 2;
        folder.write("data.yaml", head + second);
        pack(folder.open(), folder / "out", options);
        options.part = 1;
        folder.write("data.yaml", head + first);
        pack(folder.open(), folder / "out", options);
        EXPECT_THROW(merge(folder / "out", false), Error) << second;
    }
}

TEST(Pack, ASetThatLostRecordsIsNotUpToDate) {
    const DrawnFolder folder;
    draw(folder, 3, 1);
    PackOptions options = small();
    shard::SetIndex index = pack(folder.open(), folder / "out", options).index;
    options.if_changed = true;
    ASSERT_EQ(pack(folder.open(), folder / "out", options).outcome, PackOutcome::up_to_date);
    // As repair writes it: source and options are those of the set that was damaged.
    index.left_out.push_back({"images/train/109.png", "train", {{"shard/record-corrupt", 0, 0, "lost"}}});
    index.splits[0].left_out = 1;
    folder.write("out/index.json", shard::to_json(index));
    EXPECT_EQ(pack(folder.open(), folder / "out", options).outcome, PackOutcome::published);
    EXPECT_EQ(pack(folder.open(), folder / "out", options).outcome, PackOutcome::up_to_date);
}

TEST(Pack, FlipIdxMustBeAPermutation) {
    const DrawnFolder folder;
    draw(folder, 1, 0);
    folder.write("data.yaml", "train: images/train\nval: images/val\nnames: [a, b]\nkpt_shape: [2, 2]\n");
    folder.write("labels/train/100.txt", "0 0.5 0.5 0.25 0.25 0.5 0.5 0.4 0.4\n");
    PackOptions options = small();
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

TEST(Pack, AJournalTakesNoShardsOutOfAWholeSet) {
    const DrawnFolder folder;
    draw(folder, 4, 1);
    const std::string out = folder / "out", staging = out + "/.pack-tmp";
    const shard::SetIndex index = pack(folder.open(), out, small()).index;
    std::filesystem::create_directory(staging);
    const Journal journal(staging, "of this set");
    journal.write({index, 5, 0, true});
    EXPECT_FALSE(journal.recover(out));
    EXPECT_EQ(shard::ShardSet(out, "train").size(), 4u);
    std::filesystem::remove(out + "/index.json");  // as if it had been killed while it moved them
    EXPECT_TRUE(journal.recover(out));
    EXPECT_TRUE(std::filesystem::exists(staging + "/train-00000.yds"));
}

TEST(Pack, BccdPacksTheImagesAndRowsThatUltralyticsTrainsOn) {
    const std::string data = std::string(YOLO_SHARED) + "/data/bccd/data.yaml";
    if (!std::filesystem::exists(data)) GTEST_SKIP() << "the full BCCD dataset is not here";
    const DrawnFolder folder;
    PackOptions options = small();
    options.set.codec = "jpeg";
    const PackReport report = pack(open_dataset(data), folder / "out", options);
    ASSERT_EQ(report.index.splits.size(), 3u);
    const std::uint64_t images[] = {205, 87, 72}, rows[] = {2805, 1138, 945};
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(report.index.splits[i].records, images[i]);
        EXPECT_EQ(report.index.splits[i].rows, rows[i]);
    }
}

}  // namespace
}  // namespace yolodata::pack
