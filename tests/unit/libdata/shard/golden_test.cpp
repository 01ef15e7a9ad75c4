// SPDX-License-Identifier: Apache-2.0
// tests/vectors/shards/v1 was written by version 0.1.0. Every later version must read it, and as long as the
// format is 1.0, write it. To write the vectors anew (only when a new format version is added beside the old
// ones): YOLO_WRITE_VECTORS=1 shard_test --gtest_filter='Golden.*'.
#include <gtest/gtest.h>

#include <cstdlib>

#include "small_set.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {
namespace {

const std::string vectors = std::string(YOLO_VECTORS) + "/shards";

/// Pixel (x, y, channel) of record i is (7x + 13y + 29c + 5i) mod 256, so that any language can check it.
RecordData drawn(unsigned i, int width, int height, std::string source, std::vector<Box> boxes) {
    RecordData r;
    r.width = width;
    r.height = height;
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            for (int c = 0; c < 3; ++c) r.payload.push_back(static_cast<std::uint8_t>(7 * x + 13 * y + 29 * c + 5 * static_cast<int>(i)));
    r.boxes = std::move(boxes);
    r.source = std::move(source);
    r.source_width = 2 * width;
    r.source_height = 2 * height;
    return r;
}

std::vector<RecordData> train_records() {
    std::vector<RecordData> records;
    records.push_back(drawn(0, 40, 40, "images/train/a.jpg", {{0, 0.5f, 0.5f, 0.25f, 0.125f}, {2, 1.0f / 3, 0.1f, 1e-6f, 1}}));
    records.push_back(drawn(1, 4, 3, "images/train/odd \xff.png", {}));
    records.push_back(drawn(2, 40, 40, "images/train/b.jpg", {{1, -0.005f, 1.005f, 0, 0.5f}}));
    RecordData jpeg = drawn(3, 8, 8, "outside/c.jpg", {{1, 0.5f, 0.5f, 1, 1}});
    const std::string bytes = testing::slurp(vectors + "/8x8.jpg");
    jpeg.codec = Codec::jpeg;
    jpeg.payload.assign(bytes.begin(), bytes.end());
    records.push_back(std::move(jpeg));
    for (RecordData& record : records) record.checksum = payload_checksum(record.payload);
    return records;
}

std::vector<RecordData> val_records() {
    std::vector<RecordData> records{drawn(0, 16, 1, "images/val/d.png", {{0, 0.5f, 0.5f, 0.5f, 0.5f}})};
    records[0].checksum = payload_checksum(records[0].payload);
    return records;
}

SetIndex write_golden(const std::string& dir) {
    std::filesystem::create_directories(dir);
    SetIndex index;
    index.tool = "yolodata 0.1.0";
    index.class_count = 3;
    index.names = {"cell", "plate", "Zähler"};
    index.options.imgsz = 40;
    index.options.shard_bytes = 17000;
    SetWriter writer(dir, index);
    writer.begin_split("train");
    for (const RecordData& record : train_records()) writer.add(record);
    writer.leave_out({"images/train/broken.jpg", {}, {{"image/truncated", 0, 0, "the data ends at row 3 of 9"}}});
    writer.begin_split("val");
    for (const RecordData& record : val_records()) writer.add(record);
    index = writer.finish(testing::source_digest);
    testing::spill(dir + "/index.json", to_json(index));
    return index;
}

void expect_equal(const ShardSet& set, const std::vector<RecordData>& records) {
    ASSERT_EQ(set.size(), records.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
        const RecordInfo info = set.info(i);
        EXPECT_EQ(info.width, records[i].width);
        EXPECT_EQ(info.height, records[i].height);
        EXPECT_EQ(info.codec, records[i].codec);
        EXPECT_EQ(info.source, records[i].source);
        EXPECT_EQ(info.source_width, records[i].source_width);
        EXPECT_EQ(set.boxes(i), records[i].boxes);
        std::vector<std::uint8_t> payload;
        ASSERT_TRUE(set.read(i, payload));
        EXPECT_EQ(payload, records[i].payload);
    }
}

TEST(Golden, Version1IsRead) {
    if (std::getenv("YOLO_WRITE_VECTORS") != nullptr) write_golden(vectors + "/v1");
    expect_equal(ShardSet(vectors + "/v1", "train"), train_records());
    expect_equal(ShardSet(vectors + "/v1", "val"), val_records());
    const SetIndex index = read_set_index(vectors + "/v1");
    EXPECT_EQ(index.names, (std::vector<std::string>{"cell", "plate", "Zähler"}));
    ASSERT_EQ(index.left_out.size(), 1u);
    EXPECT_EQ(index.left_out[0].reasons.at(0).rule, "image/truncated");
    EXPECT_EQ(index.shards.size(), 3u);
}

TEST(Golden, Version1IsWrittenByteForByte) {
    const testing::TempFolder dir;
    const SetIndex index = write_golden(dir.path());
    for (const ShardEntry& shard : index.shards)
        EXPECT_EQ(testing::slurp(dir / shard.file), testing::slurp(vectors + "/v1/" + shard.file)) << shard.file;
    EXPECT_EQ(testing::slurp(dir / "index.json"), testing::slurp(vectors + "/v1/index.json"));
}

}  // namespace
}  // namespace yolodata::shard
