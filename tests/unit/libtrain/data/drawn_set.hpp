// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/shard/set_index.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolotrain::test {

/// A folder of the test's own, removed with it.
class ScratchFolder {
   public:
    ScratchFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "yolo-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
        path_ = name;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

   private:
    std::string path_;
};

inline std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// A picture of imgsz × imgsz with one bright square of class 0 or 1 on a ground of its own colour.
inline yolodata::shard::RecordData drawn_record(unsigned number, int imgsz) {
    yolodata::shard::RecordData record;
    record.width = record.height = record.source_width = record.source_height = imgsz;
    record.source = "images/" + std::to_string(number) + ".png";
    const int side = imgsz / 3 + static_cast<int>(number % 5);
    const int left = static_cast<int>(number * 7) % (imgsz - side);
    const int top = static_cast<int>(number * 13) % (imgsz - side);
    const auto cls = static_cast<std::int32_t>(number % 2);
    for (int y = 0; y < imgsz; ++y) {
        for (int x = 0; x < imgsz; ++x) {
            const bool inside = x >= left && x < left + side && y >= top && y < top + side;
            const int ground = 20 + static_cast<int>(number * 11) % 60;
            const int red = inside ? (cls == 0 ? 250 : 30) : ground;
            const int blue = inside ? (cls == 0 ? 30 : 250) : ground;
            record.payload.push_back(static_cast<std::uint8_t>(red));
            record.payload.push_back(static_cast<std::uint8_t>(inside ? 128 : ground));
            record.payload.push_back(static_cast<std::uint8_t>(blue));
        }
    }
    record.checksum = yolodata::shard::payload_checksum(record.payload);
    const float size = static_cast<float>(imgsz);
    record.boxes.push_back({cls, (static_cast<float>(left) + static_cast<float>(side) / 2) / size,
                            (static_cast<float>(top) + static_cast<float>(side) / 2) / size,
                            static_cast<float>(side) / size, static_cast<float>(side) / size});
    return record;
}

/// A shard set of drawn pictures with the splits train and val. `codec`: what its index says; the records are raw.
inline void draw_set(const std::string& folder, unsigned train, unsigned val, int imgsz, const std::string& codec = "raw") {
    std::filesystem::create_directories(folder);
    yolodata::shard::SetIndex index;
    index.tool = "test";
    index.class_count = 2;
    index.names = {"red", "blue"};
    index.options.imgsz = imgsz;
    index.options.codec = codec;
    yolodata::shard::SetWriter writer(folder, index);
    writer.begin_split("train");
    for (unsigned i = 0; i < train; ++i) writer.add(drawn_record(i, imgsz));
    writer.begin_split("val");
    for (unsigned i = 0; i < val; ++i) writer.add(drawn_record(1000 + i, imgsz));
    const auto finished = writer.finish("sha256:" + std::string(64, 'a'));
    std::ofstream(folder + "/index.json") << yolodata::shard::to_json(finished);
}

/// A set of `variants` pictures of each of `images` images, as pack --variants lays them out: variant by variant, each
/// in another order. Its split val holds plain pictures.
inline void draw_variants(const std::string& folder, unsigned images, int variants, int imgsz) {
    std::filesystem::create_directories(folder);
    yolodata::shard::SetIndex index;
    index.tool = "test";
    index.class_count = 2;
    index.names = {"red", "blue"};
    index.options.imgsz = imgsz;
    index.options.variants = variants;
    index.options.augment = "{}";
    yolodata::shard::SetWriter writer(folder, index);
    writer.begin_split("train");
    for (unsigned v = 1; v <= static_cast<unsigned>(variants); ++v) {
        for (unsigned i = 0; i < images; ++i) {
            const unsigned image = (i + 3 * v) % images;
            auto record = drawn_record(100 * v + image, imgsz);
            record.source = "images/" + std::to_string(image) + ".png";
            record.variant = v;
            writer.add(record);
        }
    }
    writer.begin_split("val", 0);
    for (unsigned i = 0; i < 4; ++i) writer.add(drawn_record(1000 + i, imgsz));
    const auto finished = writer.finish("sha256:" + std::string(64, 'a'));
    std::ofstream(folder + "/index.json") << yolodata::shard::to_json(finished);
}

/// Flips a bit of a record's pixels on the disk.
inline void damage_record(const std::string& folder, const std::string& split, std::uint64_t record) {
    std::string shard;
    std::uint64_t offset = 0;
    {
        const yolodata::shard::ShardSet set(folder, split);
        const auto info = set.info(record);
        shard = set.shard_path(info.shard);
        offset = info.offset + 64 + info.payload_bytes / 2;
    }
    std::fstream file(shard, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ 4));
}

}  // namespace yolotrain::test
