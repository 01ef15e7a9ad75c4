// SPDX-License-Identifier: Apache-2.0
// tests/vectors/shards/v1 was written by version 0.1.0, v1.1 by the first that stores geometry. Every later
// version must read both, and as long as the format is 1.x, write them. To write the vectors anew (only when a new format version is added beside the old
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

/// One set of format 1.1 a task: rows with and without a polygon, no row at all, key points of 2 and 3 numbers.
struct GeometryCase {
    std::string name, task, geometry;
    KeypointShape keypoints;
    std::vector<RecordData> records;
};

std::vector<GeometryCase> geometry_cases() {
    const std::vector<Box> two{{0, 0.5f, 0.5f, 0.25f, 0.125f}, {2, 0.25f, 0.75f, 0.5f, 0.25f}};
    std::vector<GeometryCase> cases{{"segment", "segment", "polygons", {}, {}},
                                    {"obb", "obb", "polygons", {}, {}},
                                    {"pose2", "pose", "keypoints", {2, 2}, {}},
                                    {"pose3", "pose", "keypoints", {3, 3}, {}}};
    for (GeometryCase& c : cases) {
        // Sources of every length modulo 8, so that the geometry's alignment shows.
        for (unsigned i = 0; i < 3; ++i)
            c.records.push_back(drawn(i, 8, 4 + static_cast<int>(i), "images/" + std::string(i + 1, 'a') + ".jpg", i == 1 ? std::vector<Box>{} : two));
        c.records[0].geometry.keypoints = c.records[2].geometry.keypoints = c.keypoints.points;
        c.records[0].geometry.keypoint_dims = c.records[2].geometry.keypoint_dims = c.keypoints.dims;
        for (const std::size_t i : {0u, 2u}) {
            Geometry& g = c.records[i].geometry;
            if (c.name == "segment") g.vertex_counts = {i == 0 ? 0u : 3u, 5};
            if (c.name == "obb") g.vertex_counts = {4, 4};
            const auto numbers = c.name == "segment" ? (i == 0 ? 10u : 16u) : c.name == "obb" ? 16u : 2 * c.keypoints.points * c.keypoints.dims;
            std::vector<float>& values = c.geometry == "polygons" ? g.vertices : g.keypoint_values;
            for (unsigned n = 0; n < numbers; ++n) values.push_back(static_cast<float>(n) / 16 + static_cast<float>(i) / 64);
        }
        for (RecordData& record : c.records) record.checksum = payload_checksum(record.payload);
    }
    return cases;
}

SetIndex write_geometry(const std::string& dir, const GeometryCase& c) {
    std::filesystem::create_directories(dir);
    SetIndex index;
    index.tool = "yolodata 0.1.0";
    index.task = c.task;
    index.geometry = c.geometry;
    index.keypoints = c.keypoints;
    index.class_count = 3;
    index.names = {"cell", "plate", "Zähler"};
    index.options.imgsz = 8;
    SetWriter writer(dir, index);
    writer.begin_split("train");
    for (const RecordData& record : c.records) writer.add(record);
    index = writer.finish(testing::source_digest);
    testing::spill(dir + "/index.json", to_json(index));
    return index;
}

TEST(Golden, Version11IsRead) {
    for (const GeometryCase& c : geometry_cases()) {
        const std::string dir = vectors + "/v1.1/" + c.name;
        if (std::getenv("YOLO_WRITE_VECTORS") != nullptr) write_geometry(dir, c);
        const ShardSet set(dir, "train");
        expect_equal(set, c.records);
        for (std::size_t i = 0; i < c.records.size(); ++i) {
            const Geometry& expected = c.records[i].geometry;
            if (i != 1) EXPECT_EQ(set.geometry(i), expected) << c.name << i;
            else EXPECT_TRUE(set.geometry(i).empty());
        }
        EXPECT_EQ(set.index().geometry, c.geometry);
        EXPECT_EQ(set.index().keypoints.dims, c.keypoints.dims);
        EXPECT_EQ(testing::slurp(dir + "/train-00000.yds")[10], 1) << "minor version";
    }
}

TEST(Golden, Version11IsWrittenByteForByte) {
    const testing::TempFolder dir;
    for (const GeometryCase& c : geometry_cases()) {
        write_geometry(dir / c.name, c);
        for (const char* file : {"/train-00000.yds", "/index.json"})
            EXPECT_EQ(testing::slurp(dir / c.name + file), testing::slurp(vectors + "/v1.1/" + c.name + file)) << c.name;
    }
}

}  // namespace
}  // namespace yolodata::shard
