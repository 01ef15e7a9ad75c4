// SPDX-License-Identifier: Apache-2.0
// Headers of records and sections, and the entries of the index that point at them.
#include <xxhash.h>

#include "shard/format.hpp"
#include "shard/little_endian.hpp"
#include "shard/sealed.hpp"

namespace yolodata::shard::format {

namespace {

constexpr std::uint32_t record_magic = 0x43455259;   // "YREC"
constexpr std::uint32_t section_magic = 0x43455359;  // "YSEC"
constexpr std::uint32_t starts_block_bit = 1;

}  // namespace

std::uint64_t checksum(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::array<std::byte, section_header_bytes> encode(const SectionHeader& s) {
    std::array<std::byte, section_header_bytes> out{};
    std::byte* p = out.data();
    store_le(p, section_magic);
    store_le(p + 4, static_cast<std::uint32_t>(s.kind));
    store_le(p + 8, s.body_bytes);
    store_le(p + 16, s.records);
    store_le(p + 24, s.items);
    store_le(p + 32, s.body_checksum);
    store_le(p + 40, s.first_record);
    seal(out);
    return out;
}

std::optional<SectionHeader> decode_section(Bytes bytes) {
    const std::byte* p = bytes.data();
    if (bytes.size() < section_header_bytes || load_le<std::uint32_t>(p) != section_magic) return std::nullopt;
    if (!sealed(bytes, section_header_bytes - 8)) return std::nullopt;
    SectionHeader s;
    s.kind = static_cast<SectionKind>(load_le<std::uint32_t>(p + 4));
    s.body_bytes = load_le<std::uint64_t>(p + 8);
    s.records = load_le<std::uint64_t>(p + 16);
    s.items = load_le<std::uint64_t>(p + 24);
    s.body_checksum = load_le<std::uint64_t>(p + 32);
    s.first_record = load_le<std::uint64_t>(p + 40);
    return s;
}

std::array<std::byte, record_header_bytes> encode(const RecordHeader& r) {
    std::array<std::byte, record_header_bytes> out{};
    std::byte* p = out.data();
    store_le(p, record_magic);
    store_le(p + 4, r.starts_block ? starts_block_bit : 0u);
    store_le(p + 8, r.number);
    store_le(p + 16, r.width);
    store_le(p + 20, r.height);
    p[24] = std::byte{r.codec};
    p[25] = std::byte{r.channels};
    store_le(p + 28, r.rows);
    store_le(p + 32, r.payload_bytes);
    store_le(p + 40, r.payload_checksum);
    store_le(p + 48, r.label_checksum);
    seal(out);
    return out;
}

std::optional<RecordHeader> decode_record(Bytes bytes) {
    const std::byte* p = bytes.data();
    if (bytes.size() < record_header_bytes || load_le<std::uint32_t>(p) != record_magic) return std::nullopt;
    if (!sealed(bytes.first(record_header_bytes), record_header_bytes - 8)) return std::nullopt;
    RecordHeader r;
    r.starts_block = (load_le<std::uint32_t>(p + 4) & starts_block_bit) != 0;
    r.number = load_le<std::uint64_t>(p + 8);
    r.width = load_le<std::uint32_t>(p + 16);
    r.height = load_le<std::uint32_t>(p + 20);
    r.codec = static_cast<std::uint8_t>(p[24]);
    r.channels = static_cast<std::uint8_t>(p[25]);
    r.rows = load_le<std::uint32_t>(p + 28);
    r.payload_bytes = load_le<std::uint64_t>(p + 32);
    r.payload_checksum = load_le<std::uint64_t>(p + 40);
    r.label_checksum = load_le<std::uint64_t>(p + 48);
    return r;
}

std::array<std::byte, index_entry_bytes> encode(const IndexEntry& e) {
    std::array<std::byte, index_entry_bytes> out{};
    store_le(out.data(), e.record_offset);
    store_le(out.data() + 8, e.label_offset);
    store_le(out.data() + 16, e.payload_bytes);
    store_le(out.data() + 24, e.payload_checksum);
    return out;
}

IndexEntry decode_index_entry(Bytes bytes) {
    const std::byte* p = bytes.data();
    return {load_le<std::uint64_t>(p), load_le<std::uint64_t>(p + 8), load_le<std::uint64_t>(p + 16),
            load_le<std::uint64_t>(p + 24)};
}

std::array<std::byte, block_entry_bytes> encode(const BlockEntry& e) {
    std::array<std::byte, block_entry_bytes> out{};
    store_le(out.data(), e.offset);
    store_le(out.data() + 8, e.bytes);
    store_le(out.data() + 16, e.first_record);
    store_le(out.data() + 24, e.records);
    return out;
}

BlockEntry decode_block_entry(Bytes bytes) {
    const std::byte* p = bytes.data();
    return {load_le<std::uint64_t>(p), load_le<std::uint64_t>(p + 8), load_le<std::uint64_t>(p + 16),
            load_le<std::uint64_t>(p + 24)};
}

}  // namespace yolodata::shard::format
