// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <thread>
#include <utility>
#include <vector>

#include "small_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

using testing::made_up_record;
using testing::TempFolder;
using testing::write_set;

void expect_record(const ShardSet& set, std::uint64_t number, const RecordData& written) {
    testing::expect_same(set, number, written);
    const RecordInfo info = set.info(number);
    EXPECT_EQ(info.number, number);
    EXPECT_EQ(info.width, written.width);
    EXPECT_EQ(info.height, written.height);
    EXPECT_EQ(info.codec, written.codec);
    EXPECT_EQ(info.source_width, written.source_width);
    EXPECT_EQ(info.source_height, written.source_height);
    EXPECT_EQ(info.payload_bytes, written.payload.size());
    EXPECT_EQ(info.checksum, written.checksum);
    EXPECT_EQ(info.offset % 64, 0u);
}

TEST(RoundTrip, ReadingEqualsWhatWasWritten) {
    const TempFolder dir;
    write_set(dir.path(), 23, 4);
    const ShardSet train(dir.path(), "train"), val(dir.path(), "val");
    ASSERT_EQ(train.size(), 23u);
    ASSERT_EQ(val.size(), 4u);
    for (unsigned i = 0; i < 23; ++i) expect_record(train, i, made_up_record(i));
    for (unsigned i = 0; i < 4; ++i) expect_record(val, i, made_up_record(1000 + i));
    EXPECT_EQ(train.names().back(), "grün");
    EXPECT_EQ(train.imgsz(), 32);
    EXPECT_EQ(train.source_digest(), "sha256:" + std::string(64, 'a'));
    EXPECT_EQ(list_splits(dir.path()), (std::vector<std::string>{"train", "val"}));
    EXPECT_TRUE(is_shard_set(dir.path()));
}

TEST(RoundTrip, ManyShardsReadAsOneSplit) {
    const TempFolder dir;
    const SetIndex index = write_set(dir.path(), 120, 0, 16384);
    ASSERT_GT(index.shards.size(), 3u);
    for (const ShardEntry& shard : index.shards) EXPECT_LE(shard.bytes, 16384u) << shard.file;
    const ShardSet set(dir.path(), "train");
    ASSERT_EQ(set.size(), 120u);
    for (unsigned i = 0; i < 120; ++i) expect_record(set, i, made_up_record(i));
    EXPECT_EQ(set.info(0).shard, 0u);
    EXPECT_EQ(set.info(119).shard, index.shards.size() - 1);
    EXPECT_EQ(set.shard_path(0), dir / "train-00000.yds");
    EXPECT_EQ(ShardSet(dir.path(), "val").size(), 0u);
}

TEST(RoundTrip, RecordsLargerThanShardBlockAndWindow) {
    const TempFolder dir;
    SetWriter writer(dir.path(), testing::made_up_index(1 << 20));
    writer.begin_split("train");
    std::vector<RecordData> records;
    for (const int side : {20, 1400, 30, 1500, 40}) {  // 1400² · 3 = 5.6 MiB: over shard_bytes and the block
        RecordData r;
        r.width = r.height = side;
        r.payload.resize(static_cast<std::size_t>(side * side * 3));
        for (std::size_t k = 0; k < r.payload.size(); ++k) r.payload[k] = static_cast<std::uint8_t>(k % 251);
        r.checksum = payload_checksum(r.payload);
        r.source = std::to_string(side);
        writer.add(r);
        records.push_back(std::move(r));
    }
    testing::spill(dir / "index.json", to_json(writer.finish(testing::source_digest)));
    // Windows far smaller than a record, and a budget of one.
    const ShardSet set(dir.path(), "train", {.window_bytes = 65536, .mapped_bytes = 1});
    for (unsigned i = 0; i < records.size(); ++i) expect_record(set, i, records[i]);
}

TEST(RoundTrip, SameRecordsGiveTheSameBytes) {
    const TempFolder a, b;
    const SetIndex first = write_set(a.path(), 9, 2), second = write_set(b.path(), 9, 2);
    EXPECT_EQ(testing::slurp(a / "train-00000.yds"), testing::slurp(b / "train-00000.yds"));
    EXPECT_EQ(testing::slurp(a / "index.json"), testing::slurp(b / "index.json"));
    EXPECT_EQ(first.digest, second.digest);
    const TempFolder c;
    EXPECT_NE(write_set(c.path(), 8, 2).digest, first.digest);
}

TEST(RoundTrip, ManyThreadsReadTheSameSet) {
    const TempFolder dir;
    write_set(dir.path(), 64, 0, 16384);
    const ShardSet set(dir.path(), "train", {.window_bytes = 65536, .mapped_bytes = 65536});
    std::vector<std::thread> threads;
    std::atomic<int> wrong{0};
    for (unsigned t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            std::vector<std::uint8_t> payload;
            for (unsigned i = 0; i < 256; ++i) {
                const unsigned number = (i * 37 + t * 11) % 64;
                const RecordData written = made_up_record(number);
                if (!set.read(number, payload) || payload != written.payload || set.boxes(number) != written.boxes) ++wrong;
            }
        });
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(wrong, 0);
}

TEST(RoundTrip, WrongRequestsAreErrors) {
    const TempFolder dir;
    write_set(dir.path(), 2, 1);
    const ShardSet set(dir.path(), "train");
    EXPECT_THROW(set.info(2), Error);
    EXPECT_THROW(ShardSet(dir.path(), "test"), Error);
    EXPECT_THROW(ShardSet(dir.path(), "train", {.window_bytes = 1000}), Error);
    EXPECT_THROW(ShardSet(dir / "nothing", "train"), Error);
    EXPECT_FALSE(is_shard_set(dir / "nothing"));
}

// A shard is published while the next one is filled; whoever goes on from there must go on from where it was full.
TEST(RoundTrip, APublishedShardComesWithHowTheSetStoodWhenItWasFull) {
    const TempFolder dir;
    std::vector<unsigned> full;
    std::vector<std::pair<unsigned, SetIndex>> published;
    unsigned written = 0;
    const auto check = [&] {
        ASSERT_EQ(published.size(), full.size());
        for (std::size_t i = 0; i < full.size(); ++i) {
            const auto& [at, index] = published[i];
            EXPECT_EQ(at, full[i]);
            EXPECT_EQ(index.splits.back().records, at);
            ASSERT_EQ(index.shards.size(), i + 1);
            std::uint64_t records = 0;
            for (const ShardEntry& shard : index.shards) {
                records += shard.records;
                EXPECT_FALSE(shard.sha256.empty());
                EXPECT_TRUE(std::filesystem::exists(dir / shard.file));
            }
            EXPECT_EQ(records, at);
        }
    };
    {
        SetWriter writer(dir.path(), testing::made_up_index(16384), [&]() -> SetWriter::ShardClosed {
            full.push_back(written);
            return [&published, at = written](const SetIndex& index) { published.emplace_back(at, index); };
        });
        writer.begin_split("train");
        for (; written < 60; ++written) writer.add(made_up_record(written));
        EXPECT_GE(full.size(), 2u);
    }  // left without finish(): full shards are still published
    check();
}

TEST(RoundTrip, TheIndexTellsASplitsVariantsWhereTheyAreNotTheSets) {
    const TempFolder dir;
    SetIndex frame = testing::made_up_index();
    frame.options.variants = 2;
    SetWriter writer(dir.path(), frame);
    writer.begin_split("train");
    writer.begin_split("val", 0);
    writer.add(made_up_record(1));
    const std::string text = to_json(writer.finish(testing::source_digest));
    testing::spill(dir / "index.json", text);
    EXPECT_EQ(ShardSet(dir.path(), "train").variants(), 2);
    EXPECT_EQ(ShardSet(dir.path(), "val").variants(), 0);
    EXPECT_EQ(to_json(read_set_index(dir.path())), text);

    // Without the member a split is as the set's options say, which is how earlier versions wrote it.
    const std::size_t member = text.find("\"variants\": 0"), comma = text.rfind(',', member);
    ASSERT_NE(member, std::string::npos);
    EXPECT_EQ(text.find("\"variants\": 2"), text.rfind("\"variants\": 2")) << "train is as the options say";
    const std::string without = std::string(text).erase(comma, text.find('0', member) + 1 - comma);
    EXPECT_EQ(parse_set_index(without, "SET").splits[1].variants, 2);
    EXPECT_EQ(to_json(parse_set_index(without, "SET")), without);
    EXPECT_THROW(parse_set_index(std::string(text).replace(member, 13, "\"variants\":-1"), "SET"), Error);
}

TEST(RoundTrip, ARecordThatDoesNotFitTheFormatIsRefused) {
    const TempFolder dir;
    SetWriter writer(dir.path(), testing::made_up_index());
    writer.begin_split("train");
    RecordData r = made_up_record(0);
    r.width += 1;
    EXPECT_THROW(writer.add(r), Error);
    r = made_up_record(0);
    r.source = std::string(70000, 'x');
    EXPECT_THROW(writer.add(r), Error);
}

}  // namespace
}  // namespace yolodata::shard
