// SPDX-License-Identifier: Apache-2.0
#include "zip_archive.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>

#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"
#include "zip_directory.hpp"

namespace yolotrain::formats {

namespace {

constexpr std::uint32_t local_magic = 0x04034b50;
constexpr std::uint64_t local_size = 30;
/// Deflate cannot pack better: 258 bytes in two bits.
constexpr std::uint64_t best_ratio = 1032;
/// Weights hardly shrink, so that much more than this out of a file is meant to fill the memory.
constexpr std::uint64_t most_ratio = 64, some = 64U << 20U;

std::string named(const ZipArchive::Entry& entry) {
    return "record " + yolodata::printable(entry.name);
}

/// Reads the local header, which may be longer than the directory's entry, and finds the data.
void locate(const ByteSource& source, ZipArchive::Entry& entry, std::uint64_t end,
            const std::string& path) {
    if (entry.header > end || end - entry.header < local_size) {
        refuse_zip(path, named(entry) + " lies outside the file");
    }
    std::vector<std::byte> head(local_size);
    source.read(entry.header, head);
    const std::uint64_t name = u16_at(head, 26), extra = u16_at(head, 28);
    const std::uint64_t room = end - entry.header - local_size;
    if (u32_at(head, 0) != local_magic || name != entry.name.size() || name + extra > room ||
        entry.packed > room - name - extra) {
        refuse_zip(path, named(entry) + " is not where the directory says, or is cut short");
    }
    std::string local_name(name, '\0');
    source.read(entry.header + local_size, std::as_writable_bytes(std::span(local_name)));
    if (local_name != entry.name || u16_at(head, 8) != (entry.deflated ? 8 : 0)) {
        refuse_zip(path, named(entry) + " differs from its own header");
    }
    entry.data = entry.header + local_size + name + extra;
}

void check_sizes(const ZipArchive::Entry& entry, const std::string& path) {
    const bool fits =
        entry.deflated ? entry.size <= (entry.packed + 1) * best_ratio : entry.size == entry.packed;
    if (!fits) {
        refuse_zip(path, fmt::format("{} claims {} bytes out of {}", named(entry), entry.size,
                                     entry.packed));
    }
}

/// Two records on the same bytes: how zip bombs are made.
void check_overlap(std::vector<const ZipArchive::Entry*> by_place, const std::string& path) {
    std::sort(by_place.begin(), by_place.end(),
              [](const auto* a, const auto* b) { return a->header < b->header; });
    for (std::size_t i = 1; i < by_place.size(); ++i) {
        const auto& before = *by_place[i - 1];
        if (before.data + before.packed > by_place[i]->header) {
            refuse_zip(path, fmt::format("{} and {} overlap", named(before), named(*by_place[i])));
        }
    }
}

/// A stream of zlib that is always ended.
class Inflater {
 public:
    Inflater() { ready_ = inflateInit2(&stream_, -MAX_WBITS) == Z_OK; }
    ~Inflater() {
        if (ready_) inflateEnd(&stream_);
    }
    Inflater(const Inflater&) = delete;
    Inflater& operator=(const Inflater&) = delete;

    /// Unpacks until the input ends; returns whether exactly out.size() bytes came out.
    bool run(const ByteSource& source, std::uint64_t at, std::uint64_t packed,
             std::span<std::byte> out) {
        std::array<std::byte, 65536> in;
        std::byte none{};
        int status = ready_ ? Z_OK : Z_MEM_ERROR;
        std::size_t done = 0;
        while (status == Z_OK) {
            if (stream_.avail_in == 0 && packed > 0) {
                const auto n = std::min<std::uint64_t>(packed, in.size());
                source.read(at, std::span(in).first(n));
                at += n, packed -= n;
                stream_.next_in = reinterpret_cast<Bytef*>(in.data());
                stream_.avail_in = static_cast<uInt>(n);
            }
            const auto room = std::min<std::size_t>(out.size() - done, 1U << 30U);
            stream_.next_out = reinterpret_cast<Bytef*>(out.empty() ? &none : out.data() + done);
            stream_.avail_out = static_cast<uInt>(room);
            status = inflate(&stream_, Z_NO_FLUSH);
            done += room - stream_.avail_out;
        }
        return status == Z_STREAM_END && done == out.size() && packed == 0 && stream_.avail_in == 0;
    }

 private:
    z_stream stream_{};
    bool ready_ = false;
};

std::uint32_t crc_of(std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace

ZipArchive::ZipArchive(const ByteSource& source, std::string path)
    : source_(source), path_(std::move(path)) {
    ZipDirectory directory = read_zip_directory(source_, path_);
    entries_ = std::move(directory.entries);
    std::sort(entries_.begin(), entries_.end(),
              [](const Entry& a, const Entry& b) { return a.name < b.name; });
    std::vector<const Entry*> by_place;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (i > 0 && entries_[i].name == entries_[i - 1].name) {
            refuse_zip(path_, named(entries_[i]) + " stands twice in its directory");
        }
        check_sizes(entries_[i], path_);
        locate(source_, entries_[i], directory.begin, path_);
        by_place.push_back(&entries_[i]);
    }
    check_overlap(std::move(by_place), path_);
    std::uint64_t total = 0;  // no overflow: each is at most best_ratio times the file
    for (const Entry& entry : entries_) total += entry.size;
    if (total > most_ratio * source_.size() + some) {
        refuse_zip(path_,
                   fmt::format("its records unpack to {} bytes, out of {}", total, source_.size()));
    }
}

const ZipArchive::Entry* ZipArchive::find(std::string_view name) const {
    const auto at =
        std::lower_bound(entries_.begin(), entries_.end(), name,
                         [](const Entry& entry, std::string_view n) { return entry.name < n; });
    return at != entries_.end() && at->name == name ? &*at : nullptr;
}

void ZipArchive::read(const Entry& entry, std::span<std::byte> out) const {
    if (!entry.deflated) {
        source_.read(entry.data, out);
    } else if (Inflater inflater; !inflater.run(source_, entry.data, entry.packed, out)) {
        refuse_zip(path_, named(entry) + " cannot be unpacked");
    }
    if (crc_of(out) != entry.crc) {
        refuse_zip(path_, named(entry) + " changed since it was written (CRC-32 differs)");
    }
}

bool looks_like_zip(const ByteSource& source) {
    std::vector<std::byte> head(4);
    if (source.size() < head.size()) return false;
    source.read(0, head);
    return u32_at(head, 0) == local_magic || u32_at(head, 0) == 0x06054b50;
}

}  // namespace yolotrain::formats
