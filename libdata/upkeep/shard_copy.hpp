// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shard/format.hpp"
#include "upkeep/mend_source.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// Lays records of an old shard out in a new one, by the rules of ShardWriter
/// (docs/shard-format.md), from their coded bytes: what a later minor version appended to label
/// entries is kept. The same records under the same numbers give the same bytes. Holds one block
/// and the labels. Not thread-safe.
class ShardCopy {
 public:
    /// `header`: features, first_record, schema and the lowest minor; records with geometry raise
    /// that, the rest is filled in.
    ShardCopy(const std::string& path, format::FileHeader header);

    std::uint64_t records() const { return index_.size(); }
    /// Length that the finished file would have with one record more.
    std::uint64_t bytes_with(std::uint64_t payload_bytes, std::uint64_t label_bytes) const;
    /// It gets the next number of this shard.
    void add(const MendSource::Record& record);
    /// Publishes the file. The entry lacks file, split and sha256.
    ShardEntry finish();

 private:
    bool starts_block(std::uint64_t stored) const;
    void flush_block();
    void pad_to(std::uint64_t alignment);
    std::uint64_t write_section(format::SectionKind kind, std::uint64_t items,
                                const std::vector<std::byte>& body);

    AtomicFile file_;
    format::FileHeader header_;
    std::vector<std::byte> block_, labels_;
    std::vector<format::IndexEntry>
        index_;  ///< label offsets count from the section's body until finish()
    std::vector<format::BlockEntry> blocks_;
    std::uint64_t rows_ = 0;
};

}  // namespace yolodata::shard
