// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include "yolodata/augment/sample.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolotrain {

/// A record whose payload cannot be used. Thrown by load_record, caught where a substitute is chosen.
struct RecordUnusable : std::runtime_error {
    RecordUnusable(std::uint64_t number, const std::string& reason) : std::runtime_error(reason), record(number) {}
    std::uint64_t record;
};

/// A record as a picture whose long side is imgsz, with its boxes in pixels: the payload copied out of
/// the mapping, the copy checked, JPEG decoded, resized where the set was packed at another size.
/// Throws RecordUnusable for a checksum that does not hold and for pixels that do not decode. Thread-safe.
yolodata::Sample load_record(const yolodata::shard::ShardSet& shards, std::uint64_t record, int imgsz);

}  // namespace yolotrain
