// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/pack.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "packed_set.hpp"
#include "pack/journal.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata::pack {
namespace {

using testing::drawn_picture;
using testing::DrawnFolder;
using testing::draw_set;
using testing::small_pack;

TEST(Pack, TheSourceDigestIsTheOneOfVerify) {
    const DrawnFolder folder;
    draw_set(folder, 4, 2);
    const Dataset dataset = folder.open();
    const std::string verified = verify(dataset, {}).digest;
    EXPECT_EQ(pack(dataset, folder / "out", small_pack()).index.source_digest, verified);
    PackOptions one = small_pack();
    one.splits = {"val"};  // the digest is that of the whole dataset all the same
    EXPECT_EQ(pack(dataset, folder / "val", one).index.source_digest, verified);
}

TEST(Pack, ChosenSplitsComeInTheDatasetsOrder) {
    const DrawnFolder folder;
    draw_set(folder, 3, 2);
    PackOptions options = small_pack();
    options.splits = {"val", "train"};
    pack(folder.open(), folder / "out", options);
    EXPECT_EQ(shard::list_splits(folder / "out"), (std::vector<std::string>{"train", "val"}));
    options.splits = {"test"};
    EXPECT_THROW(pack(folder.open(), folder / "other", options), Error);
    EXPECT_FALSE(std::filesystem::exists(folder / "other"));
}

TEST(Pack, ASplitWithoutImagesIsEmpty) {
    const DrawnFolder folder;
    draw_set(folder, 3, 0);
    const PackReport report = pack(folder.open(), folder / "out", small_pack());
    EXPECT_EQ(report.outcome, PackOutcome::published);
    ASSERT_EQ(report.index.splits.size(), 2u);
    EXPECT_EQ(shard::ShardSet(folder / "out", "val").size(), 0u);
    EXPECT_EQ(shard::ShardSet(folder / "out", "train").size(), 3u);
}

TEST(Pack, TheProgressCallbackCountsAndStops) {
    const DrawnFolder folder;
    draw_set(folder, 10, 2);
    std::uint64_t calls = 0;
    pack(folder.open(), folder / "out", small_pack(), [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_EQ(done, ++calls);
        EXPECT_EQ(total, 12u);
        return true;
    });
    EXPECT_EQ(calls, 12u);
    const PackReport stopped =
        pack(folder.open(), folder / "stopped", small_pack(), [](std::uint64_t done, std::uint64_t) { return done < 3; });
    EXPECT_EQ(stopped.outcome, PackOutcome::stopped);
    EXPECT_FALSE(std::filesystem::exists(folder / "stopped"));
    struct Signal {};
    const auto raise = [](std::uint64_t, std::uint64_t) -> bool { throw Signal{}; };
    EXPECT_THROW(pack(folder.open(), folder / "thrown", small_pack(), raise), Signal);
    EXPECT_FALSE(std::filesystem::exists(folder / "thrown"));
}

TEST(Pack, IfChangedSeesEveryKindOfChange) {
    const DrawnFolder folder;
    draw_set(folder, 3, 1);
    PackOptions options = small_pack();
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
    draw_set(folder, 4, 2);
    PackOptions options = small_pack();
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
    draw_set(folder, 1, 0);
    const auto refused = [&](auto change) {
        PackOptions options = small_pack();
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
    draw_set(folder, 9, 3);
    folder.write("images/train/103.png", "\x89PNG\r\n\x1a\nbroken");
    PackOptions options = small_pack();
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

TEST(Pack, PartsOfDifferentListsAreNotMerged) {
    const DrawnFolder folder;
    draw_set(folder, 6, 0);
    PackOptions options = small_pack();
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
        PackOptions options = small_pack();
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
    draw_set(folder, 3, 1);
    PackOptions options = small_pack();
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

TEST(Pack, AJournalTakesNoShardsOutOfAWholeSet) {
    const DrawnFolder folder;
    draw_set(folder, 4, 1);
    const std::string out = folder / "out", staging = out + "/.pack-tmp";
    const shard::SetIndex index = pack(folder.open(), out, small_pack()).index;
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
    PackOptions options = small_pack();
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
