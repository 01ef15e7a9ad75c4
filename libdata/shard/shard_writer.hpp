// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "shard/coded_record.hpp"
#include "shard/format.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// What a shard's header tells people who find the file alone, as JSON. `shard` counts within the split.
std::string schema_text(const SetIndex& index, const std::string& split, std::uint64_t shard);

/// Writes one shard: records as they come, then labels, index and tail, then the header over the zeros that
/// were left for it, so that a file that was not finished has none. Here alone it is decided where the bytes of
/// a shard lie: the same records under the same numbers give the same file. Holds the labels.
class ShardWriter {
   public:
    /// header: first_record, schema, and the features and lowest minor version of the shard, which records raise;
    /// the rest is filled in.
    ShardWriter(const std::string& path, format::FileHeader header);

    /// Length that the finished file would have with this record too.
    std::uint64_t bytes_with(const CodedRecord& record) const;
    /// It gets the next number.
    void add(const CodedRecord& record);
    /// Publishes the file. The entry lacks what the set knows: file and split.
    ShardEntry finish();

   private:
    /// Whether a record of so many bytes, header and padding included, begins a new block.
    bool starts_block(std::uint64_t stored) const;
    void add_label(const CodedRecord& record, format::RecordHeader& head);
    void end_block();
    std::uint64_t write_section(format::SectionKind kind, std::uint64_t items, const std::vector<std::byte>& body);
    std::vector<std::byte> index_body() const;
    void pad_to(std::uint64_t alignment);

    std::string path_;
    AtomicFile file_;
    format::FileHeader header_;
    std::uint64_t block_bytes_ = 0;   ///< of the block that is being written; 0 = the next record begins one
    std::vector<std::byte> labels_;   ///< body of the labels section
    std::vector<format::IndexEntry> index_;  ///< label offsets count from the section's body until finish()
    std::vector<format::BlockEntry> blocks_;
    std::uint64_t rows_ = 0;
};

}  // namespace yolodata::shard
