// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shard/format.hpp"
#include "shard/shard_file.hpp"

namespace yolodata::shard {

/// A shard as bytes in which records are looked for: also one whose header and index are lost.
struct ShardBytes {
    const ShardFile* file = nullptr;  ///< one that opens; else
    int fd = -1;                      ///< an open descriptor of one that does not
    std::uint64_t first_record = 0, records_end = 0, labels_begin = 0, labels_end = 0;

    bool pread(std::uint64_t offset, std::span<std::byte> out) const;
};
ShardBytes bytes_of(const ShardFile& file);

struct RecordVerdict {
    bool whole = false;  ///< fit would train on it
    std::uint64_t rows = 0;
    std::string source;                                            ///< empty: not known any more
    std::vector<std::pair<std::string_view, std::string>> faults;  ///< rule and message
};

/// Looks at single records of one shard, each read once from the file into buffers that are kept.
/// One thread.
class RecordChecker {
 public:
    RecordChecker(const ShardBytes& file, std::optional<std::uint32_t> class_count)
        : file_(file), class_count_(class_count) {}

    /// `number` counts from the shard's first record.
    RecordVerdict check(std::uint64_t number, const format::IndexEntry& entry);
    /// Gives the buffer back.
    void release() { std::vector<std::byte>().swap(record_); }

    /// Reads and checks head, payload and label entry; the buffers then hold them. nullopt if one
    /// is damaged, and `why` says what. `number` counts within the split. `label` is set also where
    /// only the picture is bad.
    std::optional<format::RecordHeader> read(std::uint64_t number, const format::IndexEntry& entry,
                                             std::optional<format::LabelEntry>& label,
                                             std::string& why);
    format::Bytes payload() const {
        return format::Bytes(record_).subspan(format::record_header_bytes);
    }
    format::Bytes label_bytes() const { return label_; }

 private:
    std::optional<format::LabelEntry> read_label(std::uint64_t number,
                                                 const format::IndexEntry& entry);
    std::optional<format::RecordHeader> read_record(std::uint64_t number,
                                                    const format::IndexEntry& entry,
                                                    std::string& why);
    void check_jpeg(const format::RecordHeader& head, std::string& fault) const;
    void check_boxes(const format::LabelEntry& label, RecordVerdict& verdict,
                     const std::string& place) const;

    const ShardBytes file_;
    std::optional<std::uint32_t> class_count_;
    std::vector<std::byte> record_, label_;
};

}  // namespace yolodata::shard
