// SPDX-License-Identifier: Apache-2.0
#include "yolodata/upkeep/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <new>
#include <thread>

#include "shard/format.hpp"
#include "shard/little_endian.hpp"
#include "shard/scan.hpp"
#include "shard/shard_file.hpp"
#include "shard/small_set.hpp"
#include "verify/memory_gate.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/encode.hpp"

namespace yolodata::shard {
namespace {

using testing::slurp;
using testing::spill;
using testing::TempFolder;

/// Record i with a picture that decodes, and boxes that are in range.
RecordData whole_record(unsigned i) {
    RecordData r;
    r.width = 24 + static_cast<int>(i % 5);
    r.height = 16;
    r.source = "images/train/" + std::to_string(i) + ".jpg";
    r.source_width = r.source_height = 99;
    r.codec = i % 2 == 1 ? Codec::jpeg : Codec::raw;
    Picture picture(r.width, r.height);
    for (std::size_t k = 0; k < picture.rgb.size(); ++k)
        picture.rgb[k] = static_cast<std::uint8_t>(k * 5 + i);
    if (r.codec == Codec::jpeg) {
        for (const std::byte b : encode_jpeg(picture))
            r.payload.push_back(static_cast<std::uint8_t>(b));
    } else {
        r.payload = picture.rgb;
    }
    r.checksum = payload_checksum(r.payload);
    for (unsigned b = 0; b < i % 3; ++b)
        r.boxes.push_back({static_cast<std::int32_t>(b), 0.5f, 0.5f, 0.25f, 0.125f});
    return r;
}

class CheckTest : public ::testing::Test {
 protected:
    /// Several shards of a few records each.
    void write(unsigned records = 9, std::uint64_t shard_bytes = 24 << 10) {
        SetWriter writer(dir_.path(), testing::made_up_index(shard_bytes));
        writer.begin_split("train");
        for (unsigned i = 0; i < records; ++i)
            writer.add(edit_ && i == edited_ ? edit_(whole_record(i)) : whole_record(i));
        writer.begin_split("val");
        writer.add(whole_record(100));
        index_ = writer.finish(testing::source_digest);
        spill(dir_ / "index.json", to_json(index_));
    }
    CheckResult check(bool fast = false, int jobs = 2) const {
        return check_shards(dir_.path(), {.fast = fast, .jobs = jobs});
    }
    /// "rule path" of each finding.
    static std::vector<std::string> told(const CheckResult& result) {
        std::vector<std::string> lines;
        for (const Finding& finding : result.findings)
            lines.push_back(std::string(finding.rule) + " " + finding.path);
        return lines;
    }
    /// In place, as rot does it.
    void put(const std::string& name, std::uint64_t at, char value) const {
        std::fstream file(dir_ / name, std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(at));
        file.put(value);
    }
    void flip(const std::string& name, std::uint64_t at) const {
        put(name, at, static_cast<char>(slurp(dir_ / name).at(at) ^ 0x10));
    }
    TempFolder dir_;
    SetIndex index_;
    unsigned edited_ = 0;
    std::function<RecordData(RecordData)> edit_;
};

using Told = std::vector<std::string>;

TEST_F(CheckTest, AWholeSetHasNoFindingAndIsCounted) {
    write();
    ASSERT_GT(index_.shards.size(), 2u);
    const CheckResult result = check();
    EXPECT_EQ(told(result), Told());
    EXPECT_EQ(result.records, 10u);
    EXPECT_EQ(result.rows, index_.splits[0].rows + index_.splits[1].rows);
    EXPECT_EQ(result.backgrounds, index_.splits[0].backgrounds + index_.splits[1].backgrounds);
    EXPECT_EQ(result.bad_records, 0u);
    EXPECT_EQ(check(true).backgrounds, result.backgrounds);
    EXPECT_EQ(told(check_shards(dir_ / "train-00001.yds", {})), Told());
}

TEST_F(CheckTest, RecordsAreNamedWithOffsetAndSource) {
    write(9, 1 << 20);
    const std::uint64_t offset = 4096;
    flip("train-00000.yds", offset + format::record_header_bytes + 5);
    const CheckResult result = check();
    ASSERT_EQ(told(result), Told{"shard/record-corrupt train-00000.yds"});
    const Finding& finding = result.findings[0];
    EXPECT_EQ(finding.image, "images/train/0.jpg");
    EXPECT_EQ(finding.split, "train");
    EXPECT_EQ(
        finding.message,
        "record 0 at offset 4096 (images/train/0.jpg): the checksum of its picture does not hold");
    EXPECT_EQ(result.bad_records, 1u);
    EXPECT_EQ(told(check(true)), Told());  // a fast check reads no record
}

TEST_F(CheckTest, FindingsDoNotDependOnJobs) {
    write(300, 200 << 10);
    // Every record of every shard, so that the order in which threads come to them shows.
    std::uint64_t harmed = 0;
    for (const ShardEntry& shard : index_.shards) {
        const ScannedIndex scanned = scan_shard(dir_ / shard.file);
        harmed += scanned.entries.size();
        for (const auto& entry : scanned.entries)
            flip(shard.file, entry.record_offset + format::record_header_bytes);
    }
    spill(dir_ / "other.yds", "x");
    const auto text = [](const CheckResult& result) {
        std::string all;
        for (const Finding& f : result.findings)
            all += std::string(f.rule) + f.path + f.image + f.message + "\n";
        return all;
    };
    const CheckResult alone = check(false, 1);
    EXPECT_TRUE(std::is_sorted(alone.findings.begin(), alone.findings.end(), report_order));
    const std::string serial = text(alone);
    EXPECT_EQ(std::count(serial.begin(), serial.end(), '\n'), static_cast<long>(harmed) + 1);
    for (const int jobs : {2, 3, 8}) EXPECT_EQ(text(check(false, jobs)), serial);
}

TEST_F(CheckTest, EveryFlippedByteIsOneFinding) {
    write(3, 1 << 20);
    const std::string name = "train-00000.yds", good = slurp(dir_ / name);
    for (std::size_t i = 0; i < good.size(); ++i) {
        // The zeros of the header and of padding need not all be tried.
        if (good[i] == 0 && i % 7 != 0) continue;
        put(name, i, static_cast<char>(good[i] ^ 0x40));
        const CheckResult result = check(false, 1);
        put(name, i, good[i]);
        ASSERT_EQ(result.findings.size(), 1u) << "byte " << i;
        EXPECT_EQ(result.findings[0].path, name);
    }
    EXPECT_EQ(told(check()), Told());
}

TEST_F(CheckTest, EveryByteOfTheIndexJsonIsSafe) {
    write(2);
    const std::string good = slurp(dir_ / "index.json");
    for (std::size_t i = 0; i < good.size(); i += 3) {
        std::string bad = good;
        bad[i] ^= 0x04;
        spill(dir_ / "index.json", bad);
        EXPECT_NO_THROW(check(true)) << i;
    }
}

TEST_F(CheckTest, TruncatedMissingUnexpectedUnfinished) {
    write();
    const std::string whole = slurp(dir_ / "train-00000.yds");
    for (const std::size_t length :
         {std::size_t{0}, std::size_t{100}, std::size_t{4096}, whole.size() - 1}) {
        spill(dir_ / "train-00000.yds", whole.substr(0, length));
        EXPECT_EQ(told(check()), Told{"shard/truncated train-00000.yds"}) << length;
        EXPECT_EQ(told(check(true)), Told{"shard/truncated train-00000.yds"}) << length;
    }
    ASSERT_EQ(::unlink((dir_ / "train-00000.yds").c_str()), 0);
    spill(dir_ / "extra-00000.yds", whole);
    spill(dir_ / ".train-00000.yds.tmp-abc", "x");
    EXPECT_EQ(told(check()),
              (Told{"shard/unfinished .train-00000.yds.tmp-abc", "shard/unexpected extra-00000.yds",
                    "shard/missing train-00000.yds"}));
}

TEST_F(CheckTest, WithoutItsIndexJsonTheShardsAreStillChecked) {
    write();
    ASSERT_EQ(::unlink((dir_ / "index.json").c_str()), 0);
    EXPECT_TRUE(is_shard_path(dir_.path()));
    flip("val-00000.yds", 4096 + 70);
    const CheckResult result = check();
    EXPECT_EQ(told(result), (Told{"shard/index index.json", "shard/record-corrupt val-00000.yds"}));
    EXPECT_EQ(result.records, 10u);
}

TEST_F(CheckTest, AShardOfAnotherSetAndChangedPaddingAreTold) {
    write();
    std::filesystem::copy_file(dir_ / "train-00001.yds", dir_ / "train-00000.yds",
                               std::filesystem::copy_options::overwrite_existing);
    CheckResult result = check();
    ASSERT_EQ(result.findings.size(), 1u);
    EXPECT_EQ(result.findings[0].path, "train-00000.yds");
    write();
    // Between the labels and the index there is nothing but padding.
    const auto footer = ShardFile(dir_ / "train-00000.yds", false).header().footer;
    flip("train-00000.yds", footer.labels_offset + footer.labels_bytes + 3);
    EXPECT_EQ(told(check()), Told{"shard/digest train-00000.yds"});
    EXPECT_EQ(told(check(true)), Told());
}

TEST_F(CheckTest, PicturesThatDoNotDecodeAndBoxesOutOfRange) {
    edited_ = 1;
    edit_ = [](RecordData r) {
        r.payload.resize(r.payload.size() / 2);
        r.checksum = payload_checksum(r.payload);
        return r;
    };
    write();
    EXPECT_EQ(told(check()), Told{"shard/undecodable train-00000.yds"});
    edit_ = [](RecordData r) {
        r.width += 1;
        return r;
    };
    write();
    const CheckResult size = check();
    ASSERT_EQ(size.findings.size(), 1u);
    EXPECT_THAT(size.findings[0].message,
                ::testing::HasSubstr("decodes to 25 x 16 px where the record says 26 x 16"));
    edit_ = [](RecordData r) {
        r.boxes = {{0, 0.5f, 0.5f, 0.1f, 0.1f},
                   {5, 0.5f, 0.5f, 0.1f, 0.1f},
                   {0, NAN, 0.5f, 0.1f, 0.1f},
                   {0, 0.5f, 0.5f, 1.5f, 0.1f}};
        return r;
    };
    write();
    const CheckResult result = check();
    EXPECT_EQ(told(result), Told(3, "shard/label-range train-00000.yds"));
    EXPECT_EQ(result.bad_records, 0u);
}

TEST_F(CheckTest, WhatPackTakesOfPolygonsAndPosesIsInRange) {
    // The box of a polygon from -0.009 to 1.009; a set for detect keeps the box alone.
    edit_ = [](RecordData r) {
        r.boxes = {{0, 0.5f, 0.5f, 1.009f - -0.009f, 1.0f}, {0, 0.5f, 0.5f, 1.02f, 0.1f}};
        return r;
    };
    write();
    EXPECT_EQ(told(check()), Told());
    edit_ = [](RecordData r) {
        r.boxes = {{0, 0.5f, 0.5f, 1.03f, 0.1f}};
        return r;
    };
    write();
    EXPECT_EQ(told(check()), Told{"shard/label-range train-00000.yds"});
    const auto pose = [](float width, float x) {
        return [=](RecordData r) {
            r.boxes = {{0, 0.5f, 0.5f, width, 0.1f}};
            r.geometry.keypoints = 1;
            r.geometry.keypoint_dims = 2;
            r.geometry.keypoint_values = {x, 0.5f};
            return r;
        };
    };
    edit_ = pose(1.5f, 0.25f);
    write();
    EXPECT_EQ(told(check()), Told());
    for (const auto& edit : {pose(-0.5f, 0.25f), pose(INFINITY, 0.25f), pose(0.5f, NAN)}) {
        edit_ = edit;
        write();
        EXPECT_EQ(told(check()), Told{"shard/label-range train-00000.yds"});
    }
}

TEST_F(CheckTest, AVertexThatIsNoNumberIsTold) {
    const auto polygons = [](float x) {
        return [=](RecordData r) {
            r.boxes.assign(3, {0, 0.5f, 0.5f, 0.5f, 0.5f});
            r.geometry.vertex_counts = {3, 0, 3};
            r.geometry.vertices = {-0.2f, 0, 1, 0, 1, 1, 0, 0, 1, x, 1, 1};
            return r;
        };
    };
    edit_ = polygons(0);
    write();
    EXPECT_EQ(told(check()), Told());
    edit_ = polygons(NAN);
    write();
    const CheckResult result = check();
    ASSERT_EQ(told(result), Told{"shard/label-range train-00000.yds"});
    EXPECT_THAT(result.findings[0].message, ::testing::HasSubstr("row 3: a vertex"));
}

TEST_F(CheckTest, AnIndexJsonOfOthersMakesNoShardSet) {
    std::filesystem::create_directories(dir_ / "images");
    spill(dir_ / "index.json", "{\"schema\": \"photos/1\", \"photos\": []}");
    EXPECT_FALSE(is_shard_path(dir_.path()));
    write();
    EXPECT_TRUE(is_shard_path(dir_.path()));
    spill(dir_ / "index.json", "torn");
    EXPECT_TRUE(is_shard_path(dir_.path())) << "its shards are there";
}

TEST_F(CheckTest, LabelsThatWereExchangedAreTold) {
    write(9, 1 << 20);
    // A row of record 2 is changed and its entry sealed again: every checksum of the file holds.
    const std::string name = "train-00000.yds";
    const std::uint64_t at = scan_shard(dir_ / name).entries[2].label_offset;
    std::string bytes = slurp(dir_ / name);
    bytes[at + format::label_header_bytes + 5] ^= 1;
    const auto* entry = reinterpret_cast<const std::byte*>(bytes.data() + at);
    const std::uint64_t length = format::label_entry_length({entry, format::label_header_bytes});
    store_le(reinterpret_cast<std::byte*>(bytes.data() + at),
             format::checksum({entry + 8, length - 8}));
    spill(dir_ / name, bytes);
    const CheckResult result = check();
    ASSERT_EQ(told(result), Told{"shard/record-corrupt train-00000.yds"});
    EXPECT_THAT(result.findings[0].message, ::testing::HasSubstr("do not belong together"));
}

TEST(MemoryGate, AShareIsGivenBackWhereAnExceptionEndsItsScope) {
    MemoryGate gate(10);
    try {
        const MemoryShare share(gate, 10);
        throw std::bad_alloc();
    } catch (const std::bad_alloc&) {
    }
    std::promise<void> got;
    std::thread waiting([&] {
        const MemoryShare share(gate, 10);
        got.set_value();
    });
    const bool woke =
        got.get_future().wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    if (!woke) gate.release(10);
    waiting.join();
    EXPECT_TRUE(woke);
}

TEST_F(CheckTest, AnUnreadableShardIsAFinding) {
    write();
    std::filesystem::remove(dir_ / "train-00000.yds");
    std::filesystem::create_directory(dir_ / "train-00000.yds");
    EXPECT_EQ(told(check()), Told{"shard/unreadable train-00000.yds"});
    EXPECT_THROW(check_shards(dir_ / "none", {}), Error);
}

TEST_F(CheckTest, ProgressCountsEveryRecordAndCanStop) {
    write(30);
    std::uint64_t last = 0;
    check_shards(dir_.path(), {.jobs = 2}, [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_EQ(total, 31u);
        last = std::max(last, done);
        return true;
    });
    EXPECT_EQ(last, 31u);
    EXPECT_TRUE(check_shards(dir_.path(), {.jobs = 2}, [](auto, auto) { return false; }).stopped);
}

}  // namespace
}  // namespace yolodata::shard
