// SPDX-License-Identifier: Apache-2.0
#include "zip_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolotrain::formats {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;
using Bytes = std::vector<std::byte>;

constexpr std::uint32_t end_magic = 0x06054b50, end64_magic = 0x06064b50,
                        locator_magic = 0x07064b50, entry_magic = 0x02014b50;
constexpr std::uint64_t end_size = 22, end64_size = 56, locator_size = 20, entry_size = 46;
constexpr std::uint32_t in_zip64 = 0xffffffff;
/// Far above any model's: yolov8x has 600 records in 50 kB.
constexpr std::uint64_t most_entries = 100'000, most_directory_bytes = 16U << 20U;

Bytes read_at(const ByteSource& source, std::uint64_t offset, std::uint64_t count) {
    Bytes out(count);
    source.read(offset, out);
    return out;
}

struct Place {
    std::uint64_t offset = 0, size = 0, entries = 0;
};

/// The end record's own offset: a comment of up to 64 KiB may follow it.
std::uint64_t find_end(const ByteSource& source, const std::string& path) {
    if (source.size() < end_size) refuse_zip(path, "it is shorter than an empty one");
    const std::uint64_t tail = std::min<std::uint64_t>(source.size(), end_size + 0xffff);
    const std::uint64_t start = source.size() - tail;
    const Bytes bytes = read_at(source, start, tail);
    for (std::uint64_t at = tail - end_size + 1; at-- > 0;) {
        if (u32_at(bytes, at) == end_magic && at + end_size + u16_at(bytes, at + 20) == tail) {
            return start + at;
        }
    }
    refuse_zip(path, "its central directory is missing; it was truncated while it was copied");
}

/// Where the directory lies by the zip64 end record, if there is one.
std::optional<Place> find_end64(const ByteSource& source, std::uint64_t end,
                                const std::string& path) {
    if (end < locator_size) return {};
    const Bytes locator = read_at(source, end - locator_size, locator_size);
    if (u32_at(locator, 0) != locator_magic) return {};
    const std::uint64_t at = u64_at(locator, 8);
    const std::uint64_t limit = end - locator_size;
    if (at > limit || limit - at < end64_size)
        refuse_zip(path, "its zip64 end record is misplaced");
    const Bytes record = read_at(source, at, end64_size);
    if (u32_at(record, 0) != end64_magic || u32_at(record, 16) != 0 || u32_at(record, 20) != 0 ||
        u64_at(record, 24) != u64_at(record, 32)) {
        refuse_zip(path, "its zip64 end record is damaged");
    }
    const Place place{u64_at(record, 48), u64_at(record, 40), u64_at(record, 32)};
    if (place.offset > at || at - place.offset < place.size) {
        refuse_zip(path, "its central directory is misplaced");
    }
    return place;
}

Place find_directory(const ByteSource& source, const std::string& path) {
    const std::uint64_t end = find_end(source, path);
    if (const auto place = find_end64(source, end, path)) return *place;
    const Bytes record = read_at(source, end, end_size);
    if (u16_at(record, 4) != 0 || u16_at(record, 6) != 0 ||
        u16_at(record, 8) != u16_at(record, 10)) {
        throw Error(ErrorKind::unsupported, path + ": it is one part of a zip archive of several");
    }
    const Place place{u32_at(record, 16), u32_at(record, 12), u16_at(record, 10)};
    if (place.offset > end || end - place.offset < place.size) {
        refuse_zip(path, "its central directory is misplaced");
    }
    return place;
}

/// Sizes and offset of 64 bits, in the order in which their 32-bit fields say "see there".
void read_zip64(const Bytes& bytes, std::size_t begin, std::size_t end, ZipArchive::Entry& entry,
                const std::string& path) {
    for (std::size_t at = begin; end - at >= 4;) {
        const std::size_t size = u16_at(bytes, at + 2);
        const bool zip64 = u16_at(bytes, at) == 1;
        at += 4;
        if (size > end - at) refuse_zip(path, "an extra field is damaged");
        if (zip64) {
            std::size_t field = at;
            for (std::uint64_t* value : {&entry.size, &entry.packed, &entry.header}) {
                if (*value != in_zip64) continue;
                if (at + size - field < 8) refuse_zip(path, "a zip64 field is damaged");
                *value = u64_at(bytes, field);
                field += 8;
            }
            return;
        }
        at += size;
    }
}

/// One entry at `at`, which moves behind it.
ZipArchive::Entry read_entry(const Bytes& bytes, std::size_t& at, const std::string& path) {
    if (bytes.size() - at < entry_size || u32_at(bytes, at) != entry_magic) {
        refuse_zip(path, "its central directory is damaged");
    }
    const std::size_t name = u16_at(bytes, at + 28), extra = u16_at(bytes, at + 30),
                      comment = u16_at(bytes, at + 32);
    if (bytes.size() - at - entry_size < name + extra + comment) {
        refuse_zip(path, "its central directory is damaged");
    }
    ZipArchive::Entry entry;
    const auto* text = reinterpret_cast<const char*>(bytes.data()) + at + entry_size;
    entry.name.assign(text, name);
    const auto flags = u16_at(bytes, at + 8), method = u16_at(bytes, at + 10);
    if ((flags & 0x2041U) != 0 || (method != 0 && method != 8)) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: its record {} is encrypted or packed by a method other than "
                                "deflate; save it again with torch.save",
                                path, yolodata::printable(entry.name)));
    }
    entry.deflated = method == 8;
    entry.crc = u32_at(bytes, at + 16);
    entry.packed = u32_at(bytes, at + 20);
    entry.size = u32_at(bytes, at + 24);
    entry.header = u32_at(bytes, at + 42);
    read_zip64(bytes, at + entry_size + name, at + entry_size + name + extra, entry, path);
    at += entry_size + name + extra + comment;
    return entry;
}

std::uint64_t number_at(const Bytes& bytes, std::size_t at, int count) {
    std::uint64_t value = 0;
    for (int i = count; i-- > 0;) {
        value = value << 8U | std::to_integer<std::uint64_t>(bytes[at + static_cast<unsigned>(i)]);
    }
    return value;
}

}  // namespace

void refuse_zip(const std::string& path, const std::string& what) {
    throw Error(ErrorKind::corrupt, path + ": not a sound zip archive: " + what);
}

std::uint16_t u16_at(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint16_t>(number_at(bytes, at, 2));
}
std::uint32_t u32_at(const Bytes& bytes, std::size_t at) {
    return static_cast<std::uint32_t>(number_at(bytes, at, 4));
}
std::uint64_t u64_at(const Bytes& bytes, std::size_t at) {
    return number_at(bytes, at, 8);
}

ZipDirectory read_zip_directory(const ByteSource& source, const std::string& path) {
    const Place place = find_directory(source, path);
    if (place.entries > most_entries || place.size > most_directory_bytes) {
        refuse_zip(path, fmt::format("{} records are more than any model has", place.entries));
    }
    const Bytes bytes = read_at(source, place.offset, place.size);
    ZipDirectory directory;
    directory.begin = place.offset;
    std::size_t at = 0;
    for (std::uint64_t i = 0; i < place.entries; ++i) {
        directory.entries.push_back(read_entry(bytes, at, path));
    }
    if (at != bytes.size()) refuse_zip(path, "its central directory is longer than its entries");
    return directory;
}

}  // namespace yolotrain::formats
