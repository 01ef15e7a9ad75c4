// SPDX-License-Identifier: Apache-2.0
#include "shard/format.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "shard/label_geometry.hpp"
#include "shard/little_endian.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard::format {

namespace {

// A byte over 127, CR LF, Ctrl-Z and LF: a transfer that treats the file as text breaks it visibly (the
// idea of PNG's signature).
constexpr std::array<unsigned char, 8> file_magic{0x89, 'Y', 'D', 'S', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t endian_mark = 0x01020304;  // bytes 04 03 02 01
constexpr std::uint32_t record_magic = 0x43455259;   // "YREC"
constexpr std::uint32_t section_magic = 0x43455359;  // "YSEC"
constexpr std::uint32_t tail_magic = 0x444e4559;     // "YEND"
constexpr std::size_t header_checksum_at = header_bytes - 8, schema_at = 128;
constexpr std::uint32_t starts_block_bit = 1;

/// Writes the checksum of everything before `at` to `at`.
template <std::size_t N>
void seal(std::array<std::byte, N>& bytes, std::size_t at = N - 8) {
    store_le(bytes.data() + at, checksum(Bytes(bytes).first(at)));
}

bool sealed(Bytes bytes, std::size_t at) {
    return load_le<std::uint64_t>(bytes.data() + at) == checksum(bytes.first(at));
}

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
    throw Error(ErrorKind::corrupt, path + ": " + why + "; copy the shard set anew, mend it by yolodata repair, or pack it again");
}

}  // namespace

std::uint64_t checksum(Bytes bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string to_string(const Uuid& uuid) {
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += fmt::format("{:02x}", static_cast<unsigned>(uuid[i]));
    }
    return text;
}

Uuid make_uuid(const FileHeader& header, std::uint64_t labels_checksum, std::uint64_t index_checksum) {
    std::vector<std::byte> content(header.schema.size() + 24);
    std::memcpy(content.data() + 24, header.schema.data(), header.schema.size());
    store_le(content.data(), header.first_record);
    store_le(content.data() + 8, labels_checksum);
    store_le(content.data() + 16, index_checksum);
    XXH128_canonical_t digest;
    XXH128_canonicalFromHash(&digest, XXH3_128bits(content.data(), content.size()));
    Uuid uuid;
    std::memcpy(uuid.data(), digest.digest, uuid.size());
    // RFC 9562: version 8 (made by the application), variant 10.
    uuid[6] = (uuid[6] & std::byte{0x0f}) | std::byte{0x80};
    uuid[8] = (uuid[8] & std::byte{0x3f}) | std::byte{0x80};
    return uuid;
}

std::array<std::byte, header_bytes> encode(const FileHeader& h) {
    std::array<std::byte, header_bytes> out{};
    std::byte* p = out.data();
    std::memcpy(p, file_magic.data(), file_magic.size());
    store_le(p + 8, major_version);
    store_le(p + 10, h.minor);
    store_le(p + 12, endian_mark);
    store_le(p + 16, h.compat);
    store_le(p + 24, h.incompat);
    std::memcpy(p + 32, h.uuid.data(), h.uuid.size());
    store_le(p + 48, h.footer.file_bytes);
    store_le(p + 56, h.records);
    store_le(p + 64, h.first_record);
    store_le(p + 72, h.footer.index_offset);
    store_le(p + 80, h.footer.index_bytes);
    store_le(p + 88, h.footer.labels_offset);
    store_le(p + 96, h.footer.labels_bytes);
    if (h.schema.size() > schema_limit)
        throw Error(ErrorKind::invalid_argument, "the schema text of a shard is over 3,960 bytes");
    store_le(p + 104, static_cast<std::uint32_t>(h.schema.size()));
    std::memcpy(p + schema_at, h.schema.data(), h.schema.size());
    seal(out, header_checksum_at);
    return out;
}

FileHeader decode_header(Bytes bytes, const std::string& path) {
    if (bytes.size() < header_bytes) corrupt(path, "is shorter than a shard's header");
    const std::byte* p = bytes.data();
    if (std::memcmp(p, file_magic.data(), file_magic.size()) != 0) corrupt(path, "is no shard (wrong magic number)");
    if (load_le<std::uint32_t>(p + 12) != endian_mark) corrupt(path, "has a wrong byte-order mark");
    if (const auto major = load_le<std::uint16_t>(p + 8); major != major_version)
        throw Error(ErrorKind::unsupported, fmt::format("{}: shard format {} cannot be read by this version, which reads {}",
                                                        path, major, major_version));
    if (!sealed(bytes, header_checksum_at)) corrupt(path, "the checksum of its header does not hold");
    FileHeader h;
    h.minor = load_le<std::uint16_t>(p + 10);
    h.compat = load_le<std::uint64_t>(p + 16);
    h.incompat = load_le<std::uint64_t>(p + 24);
    if (const auto unknown = h.incompat & ~known_incompat)
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: uses features that this version cannot read (bits {:#x})", path, unknown));
    std::memcpy(h.uuid.data(), p + 32, h.uuid.size());
    h.footer.file_bytes = load_le<std::uint64_t>(p + 48);
    h.records = load_le<std::uint64_t>(p + 56);
    h.first_record = load_le<std::uint64_t>(p + 64);
    h.footer.index_offset = load_le<std::uint64_t>(p + 72);
    h.footer.index_bytes = load_le<std::uint64_t>(p + 80);
    h.footer.labels_offset = load_le<std::uint64_t>(p + 88);
    h.footer.labels_bytes = load_le<std::uint64_t>(p + 96);
    const auto schema_size = load_le<std::uint32_t>(p + 104);
    if (schema_size > schema_limit) corrupt(path, "its header gives an impossible length of the schema");
    h.schema.assign(reinterpret_cast<const char*>(p + schema_at), schema_size);
    return h;
}

std::array<std::byte, tail_bytes> encode_tail(const Footer& f) {
    std::array<std::byte, tail_bytes> out{};
    std::byte* p = out.data();
    store_le(p, tail_magic);
    store_le(p + 8, f.file_bytes);
    store_le(p + 16, f.index_offset);
    store_le(p + 24, f.index_bytes);
    store_le(p + 32, f.labels_offset);
    store_le(p + 40, f.labels_bytes);
    seal(out);
    return out;
}

Footer decode_tail(Bytes bytes, const std::string& path) {
    const std::byte* p = bytes.data();
    if (bytes.size() != tail_bytes || load_le<std::uint32_t>(p) != tail_magic || !sealed(bytes, tail_bytes - 8))
        corrupt(path, "its last 64 bytes are damaged");
    Footer f;
    f.file_bytes = load_le<std::uint64_t>(p + 8);
    f.index_offset = load_le<std::uint64_t>(p + 16);
    f.index_bytes = load_le<std::uint64_t>(p + 24);
    f.labels_offset = load_le<std::uint64_t>(p + 32);
    f.labels_bytes = load_le<std::uint64_t>(p + 40);
    return f;
}

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

std::uint64_t label_entry_bytes(std::uint64_t rows, std::uint64_t source_bytes, const Geometry& geometry) {
    return bytes_with_geometry(label_header_bytes + rows * box_bytes + source_bytes, geometry);
}

std::vector<std::byte> encode(const LabelEntry& e, std::uint64_t& entry_checksum) {
    if (e.source.size() > 0xffff) throw Error(ErrorKind::invalid_argument, "path over 65,535 bytes: " + e.source);
    const std::uint64_t length = label_entry_bytes(e.boxes.size(), e.source.size(), e.geometry);
    if (length > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorKind::invalid_argument, e.source + ": its labels are longer than 4 GiB");
    std::vector<std::byte> out(length);
    std::byte* p = out.data();
    store_le(p + 8, static_cast<std::uint32_t>(out.size()));
    store_le(p + 12, static_cast<std::uint32_t>(e.boxes.size()));
    store_le(p + 16, e.number);
    store_le(p + 24, e.width);
    store_le(p + 28, e.height);
    store_le(p + 32, e.source_width);
    store_le(p + 36, e.source_height);
    store_le(p + 40, static_cast<std::uint16_t>(e.source.size()));
    p[42] = std::byte{e.codec};
    store_le(p + 44, e.variant);
    std::byte* row = p + label_header_bytes;
    for (const Box& box : e.boxes) {
        store_le(row, static_cast<std::uint32_t>(box.cls));
        store_le(row + 4, box.x);
        store_le(row + 8, box.y);
        store_le(row + 12, box.w);
        store_le(row + 16, box.h);
        row += box_bytes;
    }
    std::memcpy(row, e.source.data(), e.source.size());
    store_geometry(out, label_entry_bytes(e.boxes.size(), e.source.size(), {}), e.geometry);
    entry_checksum = checksum(Bytes(out).subspan(8));
    store_le(p, entry_checksum);
    return out;
}

std::uint64_t label_entry_length(Bytes header) {
    const std::uint64_t length = load_le<std::uint32_t>(header.data() + 8);
    const std::uint64_t rows = load_le<std::uint32_t>(header.data() + 12);
    const std::uint64_t source = load_le<std::uint16_t>(header.data() + 40);
    // Later minor versions may append to an entry, so it may be longer than what is known here.
    return label_header_bytes + rows * box_bytes + source <= length ? length : 0;
}

std::uint64_t label_entry_checksum(Bytes bytes) { return load_le<std::uint64_t>(bytes.data()); }

bool may_be_label(Bytes head) {
    constexpr std::uint64_t honest_length = std::uint64_t{64} << 20;
    constexpr std::uint32_t honest_side = 1u << 24;
    if (head.size() < label_header_bytes) return false;
    const auto side_fits = [&](std::size_t at) {
        const auto side = load_le<std::uint32_t>(head.data() + at);
        return side != 0 && side < honest_side;
    };
    const std::uint64_t length = label_entry_length(head);
    return length != 0 && length < honest_length && head[43] == std::byte{0} && side_fits(24) && side_fits(28);
}

std::uint64_t renumber_label(std::span<std::byte> entry, std::uint64_t number) {
    store_le(entry.data() + 16, number);
    const std::uint64_t sum = checksum(Bytes(entry).subspan(8));
    store_le(entry.data(), sum);
    return sum;
}

std::optional<LabelEntry> decode_label(Bytes bytes) {
    if (bytes.size() < label_header_bytes || label_entry_length(bytes) != bytes.size()) return std::nullopt;
    if (label_entry_checksum(bytes) != checksum(bytes.subspan(8))) return std::nullopt;
    const std::byte* p = bytes.data();
    LabelEntry e;
    e.number = load_le<std::uint64_t>(p + 16);
    e.width = load_le<std::uint32_t>(p + 24);
    e.height = load_le<std::uint32_t>(p + 28);
    e.source_width = load_le<std::uint32_t>(p + 32);
    e.source_height = load_le<std::uint32_t>(p + 36);
    e.codec = static_cast<std::uint8_t>(p[42]);
    e.variant = load_le<std::uint32_t>(p + 44);
    e.boxes.resize(load_le<std::uint32_t>(p + 12));
    const std::byte* row = p + label_header_bytes;
    for (Box& box : e.boxes) {
        box = {static_cast<std::int32_t>(load_le<std::uint32_t>(row)), load_float_le(row + 4), load_float_le(row + 8),
               load_float_le(row + 12), load_float_le(row + 16)};
        row += box_bytes;
    }
    e.source.assign(reinterpret_cast<const char*>(row), load_le<std::uint16_t>(p + 40));
    auto geometry = load_geometry(bytes, label_entry_bytes(e.boxes.size(), e.source.size(), {}),
                                  static_cast<std::uint32_t>(e.boxes.size()));
    if (!geometry) return std::nullopt;
    e.geometry = std::move(*geometry);
    return e;
}

}  // namespace yolodata::shard::format
