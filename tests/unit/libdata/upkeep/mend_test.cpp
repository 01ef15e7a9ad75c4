// SPDX-License-Identifier: Apache-2.0
#include "yolodata/upkeep/mend.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "shard/format.hpp"
#include "shard/shard_file.hpp"
#include "shard/small_set.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

using testing::made_up_record;
using testing::slurp;
using testing::spill;
using testing::TempFolder;
using testing::write_set;
using Action = ShardMend::Action;

void fill(std::string& bytes, std::uint64_t from, std::uint64_t to) {
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
              bytes.begin() + static_cast<std::ptrdiff_t>(to), '\xee');
}

/// Destroys parts of a shard without which it does not open, though every record is there.
using Harm = void (*)(std::string& bytes, const format::Footer& f);
const std::map<std::string, Harm> structural = {
    {"header", [](std::string& b, const format::Footer&) { fill(b, 0, format::header_bytes); }},
    {"index",
     [](std::string& b, const format::Footer& f) {
         fill(b, f.index_offset, f.index_offset + f.index_bytes);
     }},
    {"tail",
     [](std::string& b, const format::Footer& f) {
         fill(b, f.file_bytes - format::tail_bytes, f.file_bytes);
     }},
    {"labels' head",
     [](std::string& b, const format::Footer& f) {
         fill(b, f.labels_offset, f.labels_offset + 64);
     }},
    {"cut behind the labels",
     [](std::string& b, const format::Footer& f) { b.resize(f.labels_offset + f.labels_bytes); }},
    {"padding",
     [](std::string& b, const format::Footer& f) {
         fill(b, f.labels_offset + f.labels_bytes, f.index_offset);
     }},
    {"all but the records",
     [](std::string& b, const format::Footer& f) {
         fill(b, 0, format::header_bytes);
         fill(b, f.labels_offset, f.labels_offset + 64);
         b.resize(f.labels_offset + f.labels_bytes);
     }},
    {"too long", [](std::string& b, const format::Footer&) { b += "more"; }},
};

class MendTest : public ::testing::Test {
 protected:
    void SetUp() override { write_set(dir_.path(), 40, 5, 20 << 10); }
    format::Footer footer(const std::string& name) const {
        return ShardFile(dir_ / name, false).header().footer;
    }
    TempFolder dir_, other_;
};

TEST_F(MendTest, AWholeSetNeedsNothing) {
    const MendPlan plan = plan_mend(dir_.path());
    ASSERT_GT(plan.shards.size(), 2u);
    EXPECT_EQ(plan.count(Action::keep), plan.shards.size());
    EXPECT_EQ(plan.lost(), 0u);
    EXPECT_THAT(rebuild_shards(plan), ::testing::IsEmpty());
}

TEST_F(MendTest, StructureIsRebuiltByteForByte) {
    for (const std::string name : {"train-00000.yds", "train-00001.yds", "val-00000.yds"}) {
        const std::string good = slurp(dir_ / name);
        const format::Footer f = footer(name);
        for (const auto& [part, harm] : structural) {
            std::string bad = good;
            harm(bad, f);
            spill(dir_ / name, bad);
            const MendPlan plan = plan_mend(dir_.path());
            EXPECT_EQ(plan.count(Action::rebuild), 1u) << part;
            EXPECT_EQ(plan.lost(), 0u) << part;
            EXPECT_EQ(slurp(dir_ / name), bad) << "planning wrote";
            EXPECT_THAT(rebuild_shards(plan), ::testing::IsEmpty()) << part;
            EXPECT_EQ(slurp(dir_ / name), good) << part;
        }
    }
    // Nothing is left beside.
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
        EXPECT_NE(entry.path().filename().string()[0], '.') << entry.path();
}

/// The sets of version 1.1: a folder for each kind of geometry.
void copy_vectors(const std::string& kind, const std::string& to) {
    std::filesystem::copy(std::string(YOLO_VECTORS) + "/shards/v1.1/" + kind, to,
                          std::filesystem::copy_options::recursive);
}

TEST_F(MendTest, GeometryIsRebuiltByteForByte) {
    const std::string name = "train-00000.yds";
    for (const std::string kind : {"segment", "obb", "pose2", "pose3"}) {
        const std::string set = other_ / kind;
        copy_vectors(kind, set);
        const std::string good = slurp(set + "/" + name);
        const format::Footer f = ShardFile(set + "/" + name, false).header().footer;
        for (const auto& [part, harm] : structural) {
            std::string bad = good;
            harm(bad, f);
            spill(set + "/" + name, bad);
            EXPECT_THAT(rebuild_shards(plan_mend(set)), ::testing::IsEmpty()) << kind << part;
            EXPECT_EQ(slurp(set + "/" + name), good) << kind << ' ' << part;
        }
    }
}

TEST_F(MendTest, ANewSetSaysThatItHoldsGeometryThoughTheHeaderIsLost) {
    copy_vectors("segment", other_ / "segment");
    const std::string path = other_ / "segment/train-00000.yds", good = slurp(path);
    std::string bad = good;
    fill(bad, 0, format::header_bytes);
    spill(path, bad);
    write_mended(plan_mend(other_ / "segment"), other_ / "out");
    EXPECT_EQ(slurp(other_ / "out/train-00000.yds"), good);
}

TEST_F(MendTest, DamagedRecordsAreLeftOutOfANewSet) {
    const std::string name = "train-00000.yds";
    std::string bytes = slurp(dir_ / name);
    const format::Footer f = footer(name);
    bytes[format::header_bytes + format::record_header_bytes + 1] ^= 1;  // the picture of record 0
    bytes[f.labels_offset + format::section_header_bytes + 20] ^=
        1;  // and its labels: no name any more
    spill(dir_ / name, bytes);
    const MendPlan plan = plan_mend(dir_.path());
    ASSERT_EQ(plan.shards[0].action, Action::drop);
    ASSERT_EQ(plan.lost(), 1u);
    EXPECT_THAT(rebuild_shards(plan), ::testing::IsEmpty());
    EXPECT_EQ(slurp(dir_ / name), bytes) << "a shard that lost records was changed";

    const std::string out = other_ / "out";
    const SetIndex index = write_mended(plan, out);
    // Made-up JPEGs do not decode and made-up boxes are out of range; nothing else may be wrong.
    for (const Finding& finding : check_shards(out, {.jobs = 2}).findings)
        EXPECT_TRUE(finding.rule == "shard/undecodable" || finding.rule == "shard/label-range")
            << finding.rule;
    EXPECT_EQ(index.splits[0].records, 39u);
    EXPECT_EQ(index.splits[0].left_out, 1u);
    ASSERT_EQ(index.left_out.size(), 1u);
    EXPECT_EQ(index.left_out[0].path, "train-00000.yds#0");
    EXPECT_EQ(index.left_out[0].reasons[0].rule, "shard/record-corrupt");
    EXPECT_EQ(slurp(out + "/val-00000.yds"), slurp(dir_ / "val-00000.yds"));
    EXPECT_EQ(slurp(out + "/index.json"), to_json(index));
    const ShardSet set(out, "train");
    ASSERT_EQ(set.size(), 39u);
    for (unsigned i = 0; i < 39; ++i) testing::expect_same(set, i, made_up_record(i + 1));
    EXPECT_THROW(write_mended(plan, out), Error);
}

TEST_F(MendTest, ALostPictureIsNamedByItsLabels) {
    const std::string name = "val-00000.yds";
    std::string bytes = slurp(dir_ / name);
    bytes[format::header_bytes + 3] ^= 1;  // the head of record 0
    spill(dir_ / name, bytes);
    const MendPlan plan = plan_mend(dir_.path());
    ASSERT_EQ(plan.lost(), 1u);
    for (const ShardMend& shard : plan.shards)
        if (shard.listed.file == name) {
            ASSERT_EQ(shard.lost.size(), 1u);
            EXPECT_EQ(shard.lost[0].source, made_up_record(1000).source);
        }
}

TEST_F(MendTest, ATruncatedOrMissingShardCostsItsOwnRecordsOnly) {
    const std::string bytes = slurp(dir_ / "train-00000.yds");
    // Without the labels at the end no record is of use.
    spill(dir_ / "train-00000.yds", bytes.substr(0, bytes.size() / 2));
    ASSERT_EQ(::unlink((dir_ / "train-00001.yds").c_str()), 0);
    const MendPlan plan = plan_mend(dir_.path());
    EXPECT_EQ(plan.count(Action::drop), 2u);
    EXPECT_EQ(plan.lost(), plan.index.shards[0].records + plan.index.shards[1].records);
    const SetIndex index = write_mended(plan, other_ / "out");
    EXPECT_EQ(index.splits[0].records, plan.index.splits[0].records - plan.lost());
    const ShardSet set(other_ / "out", "train");
    std::vector<std::uint8_t> payload;
    for (std::uint64_t i = 0; i < set.size(); ++i) EXPECT_TRUE(set.read(i, payload));
}

TEST_F(MendTest, RecordsOfAnotherSplitAreNeverTaken) {
    // The numbers of val's first shard are those of train's: only the id tells them apart.
    std::filesystem::copy_file(dir_ / "train-00000.yds", dir_ / "val-00000.yds",
                               std::filesystem::copy_options::overwrite_existing);
    const MendPlan plan = plan_mend(dir_.path());
    EXPECT_EQ(plan.count(Action::drop), 1u);
    for (const ShardMend& shard : plan.shards)
        if (shard.listed.file == "val-00000.yds") {
            EXPECT_EQ(shard.lost.size(), shard.listed.records);
        }
}

TEST_F(MendTest, WhatCannotBeMadeAgainByteForByteIsLeftAsItIs) {
    SetIndex index = read_set_index(dir_.path());
    index.tool = "yolodata 9.9.9";  // the lost header said another one
    spill(dir_ / "index.json", to_json(index));
    std::string bytes = slurp(dir_ / "train-00000.yds");
    fill(bytes, 0, format::header_bytes);
    spill(dir_ / "train-00000.yds", bytes);
    const MendPlan plan = plan_mend(dir_.path());
    EXPECT_EQ(plan.count(Action::rebuild), 1u);
    EXPECT_THAT(rebuild_shards(plan), ::testing::ElementsAre("train-00000.yds"));
    EXPECT_EQ(slurp(dir_ / "train-00000.yds"), bytes);
    write_mended(plan, other_ / "out");
    EXPECT_EQ(ShardSet(other_ / "out", "train").size(), 40u);
}

TEST_F(MendTest, LeftoversOfAKilledRunAreCleared) {
    std::filesystem::create_directory(dir_ / ".pack-tmp");
    spill(dir_ / ".pack-tmp/train-00000.yds", "half");
    spill(dir_ / ".pack.lock", "");
    EXPECT_THAT(rebuild_shards(plan_mend(dir_.path())), ::testing::IsEmpty());
    EXPECT_FALSE(std::filesystem::exists(dir_ / ".pack-tmp"));
    EXPECT_FALSE(std::filesystem::exists(dir_ / ".pack.lock"));
}

TEST_F(MendTest, APackingThatCanBeResumedStays) {
    const std::string good = slurp(dir_ / "train-00000.yds");
    for (const std::string folder : {".pack-tmp", ".pack-tmp/plain"}) {
        std::filesystem::create_directories(dir_ / folder);
        spill(dir_ / folder + "/journal.json", "{}");
        spill(dir_ / folder + "/train-00000.yds", "half");
        std::string bad = good;
        fill(bad, 0, format::header_bytes);
        spill(dir_ / "train-00000.yds", bad);
        EXPECT_THAT(rebuild_shards(plan_mend(dir_.path())), ::testing::IsEmpty());
        EXPECT_EQ(slurp(dir_ / "train-00000.yds"), good);
        EXPECT_EQ(slurp(dir_ / folder + "/journal.json"), "{}");
        EXPECT_EQ(slurp(dir_ / folder + "/train-00000.yds"), "half");
        EXPECT_FALSE(std::filesystem::exists(dir_ / ".pack-tmp/.mended-train-00000.yds"));
        EXPECT_FALSE(std::filesystem::exists(dir_ / ".pack.lock"));
        std::filesystem::remove_all(dir_ / ".pack-tmp");
    }
}

TEST_F(MendTest, AnUndamagedSetCopiesByteForByte) {
    write_mended(plan_mend(dir_.path()), other_ / "out");
    for (const auto& entry : std::filesystem::directory_iterator(dir_.path()))
        EXPECT_EQ(slurp(entry.path()),
                  slurp(other_ / "out" + ("/" + entry.path().filename().string())));
}

TEST_F(MendTest, SplitsKeepTheirVariants) {
    SetIndex frame = testing::made_up_index();
    frame.options.variants = 2;
    std::filesystem::create_directory(other_ / "set");
    SetWriter writer(other_ / "set", frame);
    writer.begin_split("train");
    writer.add(made_up_record(1));
    writer.begin_split("val", 0);
    writer.add(made_up_record(3));
    const std::string text = to_json(writer.finish(testing::source_digest));
    spill(other_ / "set/index.json", text);
    EXPECT_EQ(to_json(write_mended(plan_mend(other_ / "set"), other_ / "out")), text);
}

TEST_F(MendTest, WithoutIndexJsonItSaysWhatIsLost) {
    ASSERT_EQ(::unlink((dir_ / "index.json").c_str()), 0);
    EXPECT_THROW(plan_mend(dir_.path()), Error);
}

TEST_F(MendTest, AStopWritesNothing) {
    const auto stop = [](std::uint64_t, std::uint64_t) { return false; };
    EXPECT_TRUE(plan_mend(dir_.path(), stop).stopped);
    EXPECT_THROW(write_mended(plan_mend(dir_.path()), other_ / "out", stop), Error);
    EXPECT_FALSE(std::filesystem::exists(other_ / "out"));
}

}  // namespace
}  // namespace yolodata::shard
