// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "shard/format.hpp"

namespace yolodata::shard {

/// The index of a shard, made anew from its records and label entries.
struct ScannedIndex {
    std::vector<format::IndexEntry> entries;  ///< by record number; label_offset 0: no label entry was found
    std::vector<std::uint64_t> numbers;       ///< record number of each entry
    std::vector<format::BlockEntry> blocks;
};

/// Rebuilds the index of a shard whose header, index or tail is lost: walks the record headers, and where one
/// is damaged looks for the next on 64-byte boundaries; finds labels also where their section's head is lost. Only headers and label entries are checked, no
/// payload. Throws Error(not_found | io) if the file cannot be read.
ScannedIndex scan_shard(const std::string& path);

}  // namespace yolodata::shard
