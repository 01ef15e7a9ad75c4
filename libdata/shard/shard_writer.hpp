// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "shard/format.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::shard {

/// What a shard's header tells people who find the file alone, as JSON. `shard` counts within the split.
std::string schema_text(const SetIndex& index, const std::string& split, std::uint64_t shard);

/// Writes one shard: blocks as they fill, then labels, index and tail, then the header over the zeros that
/// were left for it, so that a file that was not finished has none. Holds one block and the labels.
class ShardWriter {
   public:
    ShardWriter(const std::string& path, std::string schema, std::uint64_t first_record);

    std::uint64_t records() const { return index_.size(); }
    /// Length that the finished file would have with this record too.
    std::uint64_t bytes_with(const RecordData& record) const;
    void add(const RecordData& record);
    /// Publishes the file. The entry lacks what the set knows: file and split.
    ShardEntry finish();

   private:
    /// Whether a record of so many bytes, header and padding included, begins a new block.
    bool starts_block(std::uint64_t stored) const;
    void flush_block();
    std::uint64_t write_section(format::SectionKind kind, std::uint64_t items, const std::vector<std::byte>& body,
                                std::uint64_t& checksum);
    void pad_to(std::uint64_t alignment);

    std::string path_;
    AtomicFile file_;
    format::FileHeader header_;
    std::vector<std::byte> block_;    ///< begins at file_.size()
    std::vector<std::byte> labels_;   ///< body of the labels section
    std::vector<format::IndexEntry> index_;  ///< label offsets count from the section's body until finish()
    std::vector<format::BlockEntry> blocks_;
    std::uint64_t rows_ = 0;
};

}  // namespace yolodata::shard
