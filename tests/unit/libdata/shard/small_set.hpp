// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::shard::testing {

/// A folder that is removed with everything in it at the end of a test.
class TempFolder {
   public:
    TempFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "yolo-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }

   private:
    std::string path_;
};

inline std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

/// Record i of a made-up split: sizes, codecs, row counts and names all differ from record to record.
inline RecordData made_up_record(unsigned i) {
    RecordData r;
    r.width = 5 + static_cast<int>(i % 7);
    r.height = 3 + static_cast<int>(i % 4);
    r.codec = i % 3 == 2 ? Codec::jpeg : Codec::raw;
    const auto bytes = r.codec == Codec::raw ? static_cast<std::size_t>(r.width * r.height * 3) : 40 + 13 * i;
    for (std::size_t k = 0; k < bytes; ++k) r.payload.push_back(static_cast<std::uint8_t>(k * 31 + i * 7 + 1));
    r.checksum = payload_checksum(r.payload);
    for (unsigned b = 0; b < i % 5; ++b)
        r.boxes.push_back({static_cast<std::int32_t>(b), 0.1f * static_cast<float>(b), 0.5f, 1e-7f, -0.25f});
    r.source = i == 1 ? std::string("images/odd \xff\nname.jpg") : "images/train/" + std::to_string(i) + ".jpg";
    r.source_width = 100 + static_cast<int>(i);
    r.source_height = 50;
    return r;
}

inline const std::string source_digest = "sha256:" + std::string(64, 'a');

inline SetIndex made_up_index(std::uint64_t shard_bytes = std::uint64_t{512} << 20) {
    SetIndex index;
    index.tool = "yolodata 0.1.0";
    index.class_count = 5;
    index.names = {"a", "b", "c", "d", "grün"};
    index.options.imgsz = 32;
    index.options.shard_bytes = shard_bytes;
    return index;
}

/// Writes `train` records of a split "train" and `val` of "val", with index.json.
inline SetIndex write_set(const std::string& dir, unsigned train, unsigned val,
                          std::uint64_t shard_bytes = std::uint64_t{512} << 20) {
    std::filesystem::create_directories(dir);
    SetWriter writer(dir, made_up_index(shard_bytes));
    writer.begin_split("train");
    for (unsigned i = 0; i < train; ++i) writer.add(made_up_record(i));
    writer.begin_split("val");
    for (unsigned i = 0; i < val; ++i) writer.add(made_up_record(1000 + i));
    SetIndex index = writer.finish(source_digest);
    spill(dir + "/index.json", to_json(index));
    return index;
}

/// Whether record `number` reads back as it was written: its picture, boxes and name.
inline void expect_same(const ShardSet& set, std::uint64_t number, const RecordData& written) {
    SCOPED_TRACE("record " + std::to_string(number));
    std::vector<std::uint8_t> payload;
    ASSERT_TRUE(set.read(number, payload));
    EXPECT_EQ(payload, written.payload);
    EXPECT_EQ(set.boxes(number), written.boxes);
    EXPECT_EQ(set.info(number).source, written.source);
}

}  // namespace yolodata::shard::testing
