// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/record.hpp"

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "yolodata/augment/resize.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"

namespace yolotrain {

using yolodata::Picture;
using yolodata::shard::Codec;
using yolodata::shard::RecordInfo;

namespace {

Picture decode_payload(const RecordInfo& info, std::vector<std::uint8_t>&& payload) {
    if (info.codec == Codec::raw) {
        const std::size_t bytes = static_cast<std::size_t>(info.width) * static_cast<std::size_t>(info.height) * 3;
        if (payload.size() != bytes) throw RecordUnusable(info.number, "its size does not fit its width and height");
        Picture picture;
        picture.width = info.width;
        picture.height = info.height;
        picture.rgb = std::move(payload);
        return picture;
    }
    try {
        // The packer has turned the picture already; a stray EXIF tag must not turn it again.
        Picture picture = yolodata::decode(std::as_bytes(std::span(payload)), {.apply_exif = false});
        if (picture.width != info.width || picture.height != info.height) {
            throw RecordUnusable(info.number, "its JPEG has another size than the record says");
        }
        return picture;
    } catch (const yolodata::Error& error) {
        throw RecordUnusable(info.number, std::string("its JPEG does not decode: ") + error.what());
    }
}

}  // namespace

yolodata::Sample load_record(const yolodata::shard::ShardSet& shards, std::uint64_t record, int imgsz) {
    yolodata::Sample sample;
    std::vector<yolodata::Box> boxes;
    RecordInfo info;
    try {
        info = shards.info(record);
        boxes = shards.boxes(record);
    } catch (const yolodata::Error& error) {
        if (error.kind() != yolodata::ErrorKind::corrupt) throw;
        throw RecordUnusable(record, error.what());
    }
    std::vector<std::uint8_t> payload;
    if (!shards.read(record, payload)) throw RecordUnusable(record, "its checksum does not hold");
    sample.image = yolodata::resize_to_long_side(decode_payload(info, std::move(payload)), imgsz);
    sample.boxes = yolodata::to_pixels(boxes, sample.image.width, sample.image.height);
    return sample;
}

}  // namespace yolotrain
