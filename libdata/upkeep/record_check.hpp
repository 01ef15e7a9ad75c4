// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shard/format.hpp"
#include "shard/shard_file.hpp"

namespace yolodata::shard {

struct RecordVerdict {
    bool whole = false;       ///< fit would train on it
    std::uint64_t rows = 0;
    std::string source;       ///< empty: not known any more
    std::vector<std::pair<std::string_view, std::string>> faults;  ///< rule and message
};

/// Looks at single records of one shard, each read once from the file into buffers that are kept. One thread.
class RecordChecker {
   public:
    RecordChecker(const ShardFile& file, std::optional<std::uint32_t> class_count)
        : file_(file), class_count_(class_count) {}

    /// `number` counts from the shard's first record.
    RecordVerdict check(std::uint64_t number, const format::IndexEntry& entry);
    /// Gives the buffer back.
    void release() { std::vector<std::byte>().swap(record_); }

    /// The label entry with its bytes, read from the file; nullopt if it is damaged. `number` as in the entry.
    std::optional<format::LabelEntry> read_label(std::uint64_t number, const format::IndexEntry& entry);
    /// Head and payload; nullopt if damaged, and `why` says what.
    std::optional<format::RecordHeader> read_record(std::uint64_t number, const format::IndexEntry& entry, std::string& why);
    format::Bytes payload() const { return format::Bytes(record_).subspan(format::record_header_bytes); }
    format::Bytes label_bytes() const { return label_; }

   private:
    void check_jpeg(const format::RecordHeader& head, std::string& fault) const;
    void check_boxes(const format::LabelEntry& label, RecordVerdict& verdict, const std::string& place) const;

    const ShardFile& file_;
    std::optional<std::uint32_t> class_count_;
    std::vector<std::byte> record_, label_;
};

}  // namespace yolodata::shard
