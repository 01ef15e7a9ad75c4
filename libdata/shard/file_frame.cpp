// SPDX-License-Identifier: Apache-2.0
// What tells a shard from other files, at its start and end: header, uuid and tail.
#include <fmt/format.h>
#include <xxhash.h>

#include <cstring>
#include <string>
#include <vector>

#include "shard/format.hpp"
#include "shard/little_endian.hpp"
#include "shard/sealed.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard::format {

namespace {

// A byte over 127, CR LF, Ctrl-Z and LF: a transfer that treats the file as text breaks it visibly (the
// idea of PNG's signature).
constexpr std::array<unsigned char, 8> file_magic{0x89, 'Y', 'D', 'S', '\r', '\n', 0x1a, '\n'};
constexpr std::uint32_t endian_mark = 0x01020304;  // bytes 04 03 02 01
constexpr std::uint32_t tail_magic = 0x444e4559;   // "YEND"
constexpr std::size_t header_checksum_at = header_bytes - 8, schema_at = 128;

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
    throw Error(ErrorKind::corrupt, path + ": " + why + "; copy the shard set anew, mend it by yolodata repair, or pack it again");
}

}  // namespace

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

}  // namespace yolodata::shard::format
