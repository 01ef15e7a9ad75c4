// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/core/box.hpp"

namespace yolodata::shard {

enum class Codec : std::uint8_t { raw = 0, jpeg = 1 };  // stored: never renumber

/// A record without its pixels.
struct RecordInfo {
    std::uint64_t number = 0;   ///< within the split
    int width = 0, height = 0;  ///< of the stored picture, px
    Codec codec = Codec::raw;
    std::uint64_t payload_bytes = 0;
    std::string source;         ///< path in the source dataset
    std::size_t shard = 0;      ///< index of the shard file in the set
    std::uint64_t offset = 0;   ///< of the record in that file
    std::uint64_t checksum = 0; ///< XXH3-64 of the payload
    int source_width = 0, source_height = 0;  ///< of the source picture, EXIF applied
};

/// A shard set opened for reading: files mapped in windows, nothing loaded ahead. All const members may be
/// called from many threads at once. Opening checks the headers, the indices and their checksums; records
/// are checked when they are read. Throws yolodata::Error(corrupt | not_found | io).
class ShardSet {
   public:
    /// dir: the folder with index.json. split: "train", "val" …
    ShardSet(const std::string& dir, const std::string& split);
    ~ShardSet();
    ShardSet(ShardSet&&) noexcept;

    std::uint64_t size() const;
    RecordInfo info(std::uint64_t record) const;
    std::vector<Box> boxes(std::uint64_t record) const;

    /// Copies the payload (raw: width·height·3 RGB bytes, HWC; jpeg: the coded bytes) out of the mapping
    /// into `out` and checks the copy. false: the checksum does not hold, also after a second read.
    /// A file that shrank or cannot be read any more counts as a bad record too, never as a crash.
    bool read(std::uint64_t record, std::vector<std::uint8_t>& out) const;

    const std::vector<std::string>& names() const;  ///< class names of the set
    int imgsz() const;
    std::string digest() const;         ///< identity of the set: changes when any shard changes
    std::string source_digest() const;  ///< "sha256:…" of the source dataset
    std::string shard_path(std::size_t shard) const;

   private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// Splits that index.json lists, in its order.
std::vector<std::string> list_splits(const std::string& dir);
/// true if `path` is a folder that holds an index.json of a shard set.
bool is_shard_set(const std::string& path);

}  // namespace yolodata::shard
