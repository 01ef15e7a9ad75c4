// SPDX-License-Identifier: Apache-2.0
#pragma once

// The on-disk format of a shard (docs/shard-format.md). Nothing else in the project knows an offset, a
// magic number or a stored width: constants, structs and their encode/decode pairs stand here.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/geometry.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard::format {

using Bytes = std::span<const std::byte>;

/// A shard says the lowest minor version that describes it: 1 if it holds geometry, else 0.
inline constexpr std::uint16_t major_version = 1, minor_version = 0, geometry_minor_version = 1;
/// Feature bits that this build understands. An unknown incompatible bit means that the file must not be
/// read; an unknown compatible one may be ignored.
inline constexpr std::uint64_t known_incompat = 0;

inline constexpr std::size_t page = 4096;         ///< header, blocks and sections start on such boundaries
inline constexpr std::size_t record_align = 64;   ///< records (and so payloads) start on such boundaries
inline constexpr std::size_t label_align = 8;     ///< label entries start on such boundaries
inline constexpr std::size_t header_bytes = 4096, schema_limit = 3960;
inline constexpr std::size_t record_header_bytes = 64, section_header_bytes = 64, tail_bytes = 64;
inline constexpr std::size_t index_entry_bytes = 32, block_entry_bytes = 32;
inline constexpr std::size_t label_header_bytes = 48, box_bytes = 20;
/// A block is closed before it would grow past this; a larger record has a block of its own.
inline constexpr std::size_t block_target = std::size_t{4} << 20;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

using Uuid = std::array<std::byte, 16>;
std::string to_string(const Uuid& uuid);  ///< 8-4-4-4-12 lower-case hex digits

/// Where the two sections lie; stored in the header and again in the tail.
struct Footer {
    std::uint64_t labels_offset = 0, labels_bytes = 0;  ///< with the section header, without padding
    std::uint64_t index_offset = 0, index_bytes = 0;
    std::uint64_t file_bytes = 0;
    bool operator==(const Footer&) const = default;
};

struct FileHeader {
    std::uint16_t minor = minor_version;
    std::uint64_t compat = 0, incompat = 0;
    Uuid uuid{};
    std::uint64_t records = 0, first_record = 0;  ///< first_record: number of the first within its split
    Footer footer;
    std::string schema;  ///< JSON that describes the shard for people and tools
};

/// The id of a shard is made from what it holds: the same content has the same id.
Uuid make_uuid(const FileHeader& header, std::uint64_t labels_checksum, std::uint64_t index_checksum);

std::array<std::byte, header_bytes> encode(const FileHeader& header);
/// Throws Error(corrupt | unsupported) that names `path` and the check that failed.
FileHeader decode_header(Bytes bytes, const std::string& path);

std::array<std::byte, tail_bytes> encode_tail(const Footer& footer);
Footer decode_tail(Bytes bytes, const std::string& path);

enum class SectionKind : std::uint32_t { labels = 1, index = 2 };  // stored: never renumber

struct SectionHeader {
    SectionKind kind = SectionKind::labels;
    std::uint64_t body_bytes = 0;     ///< that follow the header
    std::uint64_t records = 0;
    std::uint64_t items = 0;          ///< labels: rows; index: blocks
    std::uint64_t body_checksum = 0;  ///< XXH3-64
    std::uint64_t first_record = 0;
};
std::array<std::byte, section_header_bytes> encode(const SectionHeader& section);
std::optional<SectionHeader> decode_section(Bytes bytes);

struct RecordHeader {
    bool starts_block = false;
    std::uint64_t number = 0;  ///< within the split
    std::uint32_t width = 0, height = 0;
    std::uint8_t codec = 0, channels = 3;
    std::uint32_t rows = 0;
    std::uint64_t payload_bytes = 0, payload_checksum = 0;
    std::uint64_t label_checksum = 0;  ///< of the record's label entry: ties picture and labels together
};
std::array<std::byte, record_header_bytes> encode(const RecordHeader& header);
/// nullopt unless magic and checksum hold.
std::optional<RecordHeader> decode_record(Bytes bytes);

struct IndexEntry {
    std::uint64_t record_offset = 0, label_offset = 0;
    std::uint64_t payload_bytes = 0, payload_checksum = 0;
    bool operator==(const IndexEntry&) const = default;
};
std::array<std::byte, index_entry_bytes> encode(const IndexEntry& entry);
IndexEntry decode_index_entry(Bytes bytes);

struct BlockEntry {
    std::uint64_t offset = 0, bytes = 0;         ///< from the first record to the end of the last
    std::uint64_t first_record = 0, records = 0;
    bool operator==(const BlockEntry&) const = default;
};
std::array<std::byte, block_entry_bytes> encode(const BlockEntry& entry);
BlockEntry decode_block_entry(Bytes bytes);

/// Everything about a record but its pixels.
struct LabelEntry {
    std::uint64_t number = 0;
    std::uint32_t width = 0, height = 0, source_width = 0, source_height = 0;
    std::uint8_t codec = 0;
    std::uint32_t variant = 0;  ///< 0: the image itself; 1…K: augmented pictures of it
    std::vector<Box> boxes;
    std::string source;         ///< at most 65,535 bytes
    Geometry geometry;          ///< polygons and key points; of a shard of version 1.0: empty
};
/// Length of an entry without the padding to label_align.
std::uint64_t label_entry_bytes(std::uint64_t rows, std::uint64_t source_bytes, const Geometry& geometry);
/// Bytes without the padding to label_align; `checksum` receives the stored checksum.
std::vector<std::byte> encode(const LabelEntry& entry, std::uint64_t& checksum);
/// Length of the entry that starts with these label_header_bytes bytes; 0 if it cannot be one.
std::uint64_t label_entry_length(Bytes header);
std::uint64_t label_entry_checksum(Bytes bytes);
/// Whether these bytes may begin an entry, by fields that are cheap to look at: for walking damaged files.
bool may_be_label(Bytes head);
/// Gives a coded entry another number, whatever later versions appended to it. Returns its new checksum.
std::uint64_t renumber_label(std::span<std::byte> entry, std::uint64_t number);
/// nullopt unless the checksum and every length hold.
std::optional<LabelEntry> decode_label(Bytes bytes);

std::uint64_t checksum(Bytes bytes);  ///< XXH3-64, seed 0

}  // namespace yolodata::shard::format
