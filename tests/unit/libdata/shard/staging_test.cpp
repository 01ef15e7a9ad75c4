// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/staging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "small_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

namespace fs = std::filesystem;
using testing::TempFolder;

SetIndex stage(Staging& staging, unsigned records) {
    SetWriter writer(staging.folder(), testing::made_up_index(16384));
    writer.begin_split("train");
    for (unsigned i = 0; i < records; ++i) writer.add(testing::made_up_record(i));
    return writer.finish(testing::source_digest);
}

std::vector<std::string> listing(const std::string& dir) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

ErrorKind kind_of_opening(const std::string& out, Staging::Old old) {
    try {
        Staging staging(out, old);
    } catch (const Error& e) {
        return e.kind();
    }
    ADD_FAILURE() << "was let in";
    return ErrorKind::io;
}

TEST(Staging, ASetAppearsWhenItIsPublished) {
    const TempFolder dir;
    const std::string out = dir / "new/shards";
    {
        Staging staging(out, Staging::Old::refuse);
        const SetIndex index = stage(staging, 3);
        EXPECT_FALSE(is_shard_set(out));
        EXPECT_FALSE(fs::exists(out + "/train-00000.yds"));
        staging.publish(index);
        EXPECT_GT(staging.free_bytes(), 0u);
    }
    EXPECT_EQ(ShardSet(out, "train").size(), 3u);
    EXPECT_EQ(listing(out), (std::vector<std::string>{"index.json", "train-00000.yds"}));
}

TEST(Staging, WithoutPublishNothingStays) {
    const TempFolder dir;
    {
        Staging staging(dir / "out", Staging::Old::refuse);
        stage(staging, 3);
    }
    EXPECT_FALSE(fs::exists(dir / "out"));
}

TEST(Staging, ASecondWriterIsRefused) {
    const TempFolder dir;
    Staging first(dir / "out", Staging::Old::refuse);
    EXPECT_EQ(kind_of_opening(dir / "out", Staging::Old::replace), ErrorKind::forbidden_state);
    first.publish(stage(first, 1));
    EXPECT_EQ(ShardSet(dir / "out", "train").size(), 1u);
}

TEST(Staging, ASetIsOnlyReplacedOnRequestAndNeverMixed) {
    const TempFolder dir;
    const std::string out = dir / "out";
    {
        Staging staging(out, Staging::Old::refuse);
        staging.publish(stage(staging, 90));
    }
    ASSERT_GT(listing(out).size(), 3u);
    testing::spill(out + "/notes.txt", "mine");
    EXPECT_EQ(kind_of_opening(out, Staging::Old::refuse), ErrorKind::forbidden_state);
    EXPECT_EQ(ShardSet(out, "train").size(), 90u);
    {
        Staging staging(out, Staging::Old::replace);
        const SetIndex index = stage(staging, 2);
        EXPECT_EQ(ShardSet(out, "train").size(),
                  90u);  // the old set serves until the new one is whole
        staging.publish(index);
    }
    EXPECT_EQ(ShardSet(out, "train").size(), 2u);
    EXPECT_EQ(listing(out),
              (std::vector<std::string>{"index.json", "notes.txt", "train-00000.yds"}));
}

TEST(Staging, AReaderOfTheOldSetIsNotDisturbed) {
    const TempFolder dir;
    {
        Staging staging(dir / "out", Staging::Old::refuse);
        staging.publish(stage(staging, 90));
    }
    const ShardSet old(dir / "out", "train");
    {
        Staging staging(dir / "out", Staging::Old::replace);
        staging.publish(stage(staging, 2));
    }
    std::vector<std::uint8_t> payload;
    for (unsigned i = 0; i < 90; ++i) {
        ASSERT_TRUE(old.read(i, payload)) << i;
        EXPECT_EQ(payload, testing::made_up_record(i).payload);
    }
}

TEST(Staging, ShardsOfUnknownOriginAreNotOverwritten) {
    const TempFolder dir;
    testing::spill(dir / "train-00000.yds", "whose?");
    EXPECT_EQ(kind_of_opening(dir.path(), Staging::Old::refuse), ErrorKind::forbidden_state);
    EXPECT_EQ(listing(dir.path()), (std::vector<std::string>{"train-00000.yds"}));
}

TEST(Staging, WhatAnInterruptedRunLeftIsCleared) {
    // As a kill in publish() leaves it: some shards moved, no index.json, the lock file not held.
    const TempFolder dir;
    fs::create_directory(dir / ".pack-tmp");
    testing::spill(dir / ".pack-tmp/.train-00000.yds.tmp-1-0", "half");
    testing::spill(dir / ".pack.lock", "");
    testing::spill(dir / "train-00007.yds", "debris");
    { Staging staging(dir.path(), Staging::Old::refuse); }
    EXPECT_TRUE(fs::exists(dir / ".pack.lock"));  // still the sign that train-00007 is debris
    {
        Staging staging(dir.path(), Staging::Old::refuse);
        staging.publish(stage(staging, 2));
    }
    EXPECT_EQ(listing(dir.path()), (std::vector<std::string>{"index.json", "train-00000.yds"}));
}

TEST(Staging, AFileInTheWayIsNamed) {
    const TempFolder dir;
    testing::spill(dir / "out", "a file");
    EXPECT_EQ(kind_of_opening(dir / "out", Staging::Old::replace), ErrorKind::forbidden_state);
    EXPECT_EQ(testing::slurp(dir / "out"), "a file");
}

}  // namespace
}  // namespace yolodata::shard
