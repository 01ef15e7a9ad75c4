// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shard/format.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::shard {

/// A record as it will stand in a file, but for its place and number: what ShardWriter lays out,
/// whether it was just packed or comes out of another shard.
struct CodedRecord {
    /// starts_block, number and label_checksum are given by the writer.
    format::RecordHeader head;
    /// A coded label entry of any number, with all that a later minor version appended to it.
    std::vector<std::byte> label;
    format::Bytes payload;  ///< not owned
    /// What the shard's header has to say because of this record.
    std::uint16_t minor = format::minor_version;
    std::uint64_t compat = 0, incompat = 0;
};

/// Lives as long as the record's payload. Throws Error(invalid_argument) for a record that does not
/// fit the format.
CodedRecord code(const RecordData& record);

}  // namespace yolodata::shard
