// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/reader.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "shard/bus_guard.hpp"
#include "shard/set_io.hpp"
#include "shard/shard_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

namespace {

/// Descriptors may be kept open for at most half of what the process may open.
bool may_keep_open(std::size_t files) {
    struct rlimit limit;
    return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 && files < limit.rlim_cur / 2;
}

struct Place {
    std::size_t shard = 0;
    std::uint64_t number = 0;  ///< within the shard
};

}  // namespace

struct ShardSet::Impl {
    std::string dir, split;
    SetIndex index;
    std::vector<ShardFile> files;
    std::vector<std::uint64_t> first;  ///< of each shard, and the total at the end
    const ReadOptions options;
    mutable std::optional<SetIo> io;

    Impl(const std::string& folder, std::string name, const ReadOptions& how)
        : dir(folder), split(std::move(name)), index(read_set_index(folder)), options(how) {
        constexpr std::uint64_t grain = std::uint64_t{64} << 10;  // the largest page of any Linux
        if (options.window_bytes == 0 || options.window_bytes % grain != 0)
            throw Error(ErrorKind::invalid_argument, "window_bytes must be a multiple of 64 KiB");
        open_files();
        io.emplace(files, options);
    }

    void open_files();
    const SplitEntry& entry_of_split() const;
    Place locate(std::uint64_t record) const;
    std::optional<format::IndexEntry> entry(const Place& place, Via via) const;
    std::optional<format::LabelEntry> try_label(const Place& place, const format::IndexEntry& e, Via via) const;
    std::pair<format::LabelEntry, format::IndexEntry> label(std::uint64_t record) const;
    bool head_holds(const Place& place, const format::IndexEntry& e, format::Bytes head) const;
    /// `room` is given the payload's length and returns where it goes; a span of another length refuses it.
    template <class Room>
    bool try_read(const Place& place, const Room& room, Via via) const;
    template <class Room>
    bool read(std::uint64_t record, const Room& room) const;
    void prefetch(std::uint64_t record, std::uint64_t count, bool wait) const;
};

const SplitEntry& ShardSet::Impl::entry_of_split() const {
    const auto found = std::find_if(index.splits.begin(), index.splits.end(),
                                    [&](const SplitEntry& s) { return s.name == split; });
    if (found == index.splits.end())
        throw Error(ErrorKind::not_found, fmt::format("{}: the shard set has no split {}", dir, split));
    return *found;
}

void ShardSet::Impl::open_files() {
    entry_of_split();  // there is one
    const bool keep_open = may_keep_open(index.shards.size() + options.files_beside);
    std::uint64_t total = 0;
    for (const ShardEntry& shard : index.shards) {
        if (shard.split != split) continue;
        ShardFile file(dir + "/" + shard.file, keep_open);
        const auto& header = file.header();
        if (format::to_string(header.uuid) != shard.uuid)
            throw Error(ErrorKind::corrupt, file.path() + ": is another shard than index.json lists; pack the set again");
        if (header.records != shard.records || header.first_record != total || shard.first_record != total ||
            file.size() != shard.bytes || file.label_rows() != shard.rows)
            throw Error(ErrorKind::corrupt, file.path() + ": index.json counts its records or bytes differently");
        first.push_back(total);
        total += header.records;
        files.push_back(std::move(file));
    }
    first.push_back(total);
}

Place ShardSet::Impl::locate(std::uint64_t record) const {
    if (record >= first.back())
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{}: record {} of split {}, which has {}", dir, record, split, first.back()));
    const auto after = std::upper_bound(first.begin(), first.end(), record);
    const auto shard = static_cast<std::size_t>(after - first.begin()) - 1;
    return {shard, record - first[shard]};
}

std::optional<format::IndexEntry> ShardSet::Impl::entry(const Place& place, Via via) const {
    std::array<std::byte, format::index_entry_bytes> raw;
    if (!io->copy(place.shard, files[place.shard].entry_offset(place.number), raw, via)) return std::nullopt;
    const auto e = format::decode_index_entry(raw);
    // The index was whole when it was opened; these checks keep one that has been damaged since harmless.
    const format::Footer& f = files[place.shard].header().footer;
    const bool record_fits = e.record_offset >= format::header_bytes && e.record_offset % format::record_align == 0 &&
                             e.record_offset < f.labels_offset &&
                             f.labels_offset - e.record_offset >= format::record_header_bytes &&
                             e.payload_bytes <= f.labels_offset - e.record_offset - format::record_header_bytes;
    const std::uint64_t labels_end = f.labels_offset + f.labels_bytes;
    const bool label_fits = e.label_offset >= f.labels_offset + format::section_header_bytes &&
                            e.label_offset < labels_end && labels_end - e.label_offset >= format::label_header_bytes;
    if (!record_fits || !label_fits) return std::nullopt;
    return e;
}

std::optional<format::LabelEntry> ShardSet::Impl::try_label(const Place& place, const format::IndexEntry& e,
                                                            Via via) const {
    std::array<std::byte, format::label_header_bytes> head;
    if (!io->copy(place.shard, e.label_offset, head, via)) return std::nullopt;
    const format::Footer& f = files[place.shard].header().footer;
    const std::uint64_t length = format::label_entry_length(head);
    if (length == 0 || length > f.labels_offset + f.labels_bytes - e.label_offset) return std::nullopt;
    std::vector<std::byte> raw(length);
    if (!io->copy(place.shard, e.label_offset, raw, via)) return std::nullopt;
    auto label = format::decode_label(raw);
    if (!label || label->number != first[place.shard] + place.number) return std::nullopt;
    if (label->width == 0 || label->height == 0 || label->codec > static_cast<std::uint8_t>(Codec::jpeg)) return std::nullopt;
    return label;
}

std::pair<format::LabelEntry, format::IndexEntry> ShardSet::Impl::label(std::uint64_t record) const {
    const Place place = locate(record);
    for (const Via via : {Via::usual, Via::file}) {
        const auto e = entry(place, via);
        if (!e) continue;
        if (auto found = try_label(place, *e, via)) return {std::move(*found), *e};
    }
    throw Error(ErrorKind::corrupt, fmt::format("{}: the labels of record {} of split {} are damaged; copy the shard "
                                                "anew or pack the set again",
                                                files[place.shard].path(), record, split));
}

bool ShardSet::Impl::head_holds(const Place& place, const format::IndexEntry& e, format::Bytes head) const {
    const auto record = format::decode_record(head);
    if (!record || record->number != first[place.shard] + place.number || record->payload_bytes != e.payload_bytes ||
        record->payload_checksum != e.payload_checksum || record->channels != 3)
        return false;
    if (record->codec > static_cast<std::uint8_t>(Codec::jpeg)) return false;
    return record->codec != static_cast<std::uint8_t>(Codec::raw) ||
           std::uint64_t{record->width} * record->height * 3 == record->payload_bytes;
}

template <class Room>
bool ShardSet::Impl::try_read(const Place& place, const Room& room, Via via) const {
    const auto e = entry(place, via);
    if (!e) return false;
    std::array<std::byte, format::record_header_bytes> head;
    // An index entry that was damaged since the set was opened must not make anybody ask for much memory.
    constexpr std::uint64_t much = std::uint64_t{16} << 20;
    if (e->payload_bytes > much &&
        !(io->copy(place.shard, e->record_offset, head, via) && head_holds(place, *e, head)))
        return false;
    const std::span<std::byte> payload = room(e->payload_bytes);
    if (payload.size() != e->payload_bytes) return false;
    if (!io->copy_record(place.shard, e->record_offset, head, payload, via) || !head_holds(place, *e, head)) return false;
    if (options.verify_checksum && format::checksum(payload) != e->payload_checksum) return false;
    if (options.drop_behind)
        io->drop(place.shard, e->record_offset, e->record_offset + format::record_header_bytes + e->payload_bytes);
    return true;
}

template <class Room>
bool ShardSet::Impl::read(std::uint64_t record, const Room& room) const {
    const Place place = locate(record);
    return try_read(place, room, Via::usual) || try_read(place, room, Via::file);
}

void ShardSet::Impl::prefetch(std::uint64_t record, std::uint64_t count, bool wait) const {
    if (count == 0 || record >= first.back()) return;
    std::uint64_t left = std::max(options.mapped_bytes / 2, std::uint64_t{1});
    const std::uint64_t end = record + std::min(count, first.back() - record);
    while (record < end && left > 0) {
        const Place place = locate(record);
        const std::uint64_t in_shard = std::min(end, first[place.shard + 1]) - record;
        const auto from = entry(place, Via::usual);
        const auto to = entry({place.shard, place.number + in_shard - 1}, Via::usual);
        if (from && to && from->record_offset <= to->record_offset) {
            const std::uint64_t last = to->record_offset + format::record_header_bytes + to->payload_bytes;
            const std::uint64_t bytes = std::min(last - from->record_offset, left);
            io->prefetch(place.shard, from->record_offset, from->record_offset + bytes, wait);
            left -= bytes;
        }
        record += in_shard;
    }
}

ShardSet::ShardSet(const std::string& dir, const std::string& split, const ReadOptions& options)
    : impl_(std::make_unique<Impl>(dir, split, options)) {
    install_bus_guard();
}

ShardSet::~ShardSet() = default;
ShardSet::ShardSet(ShardSet&&) noexcept = default;

std::uint64_t ShardSet::size() const { return impl_->first.back(); }

RecordInfo ShardSet::info(std::uint64_t record) const {
    auto [label, entry] = impl_->label(record);
    RecordInfo info;
    info.number = record;
    info.width = static_cast<int>(label.width);
    info.height = static_cast<int>(label.height);
    info.codec = static_cast<Codec>(label.codec);
    info.payload_bytes = entry.payload_bytes;
    info.source = std::move(label.source);
    info.shard = impl_->locate(record).shard;
    info.offset = entry.record_offset;
    info.checksum = entry.payload_checksum;
    info.source_width = static_cast<int>(label.source_width);
    info.source_height = static_cast<int>(label.source_height);
    info.variant = label.variant;
    return info;
}

std::vector<Box> ShardSet::boxes(std::uint64_t record) const { return std::move(impl_->label(record).first.boxes); }

Geometry ShardSet::geometry(std::uint64_t record) const { return std::move(impl_->label(record).first.geometry); }

bool ShardSet::read(std::uint64_t record, std::vector<std::uint8_t>& out) const {
    return impl_->read(record, [&](std::uint64_t bytes) {
        out.resize(bytes);
        return std::as_writable_bytes(std::span(out));
    });
}

bool ShardSet::read_into(std::uint64_t record, std::span<std::byte> out) const {
    std::uint64_t needed = 0;  // as the last entry that was read says, which is the file's own
    const bool good = impl_->read(record, [&](std::uint64_t bytes) {
        needed = bytes;
        return bytes == out.size() ? out : std::span<std::byte>();
    });
    if (!good && needed != 0 && needed != out.size())
        throw Error(ErrorKind::invalid_argument, fmt::format("record {} of split {} has {} bytes, the buffer {}", record,
                                                             impl_->split, needed, out.size()));
    return good;
}

std::uint64_t ShardSet::payload_bytes(std::uint64_t record) const {
    const Place place = impl_->locate(record);
    for (const Via via : {Via::usual, Via::file})
        if (const auto e = impl_->entry(place, via)) return e->payload_bytes;
    throw Error(ErrorKind::corrupt, fmt::format("{}: the index entry of record {} of split {} is damaged; copy the shard "
                                                "anew or run yolodata repair",
                                                impl_->files[place.shard].path(), record, impl_->split));
}

void ShardSet::prefetch(std::uint64_t record, std::uint64_t count, bool wait) const {
    impl_->prefetch(record, count, wait);
}

void ShardSet::drop(std::uint64_t record) const {
    if (record >= size()) return;
    const Place place = impl_->locate(record);
    if (const auto e = impl_->entry(place, Via::usual))
        impl_->io->drop(place.shard, e->record_offset, e->record_offset + format::record_header_bytes + e->payload_bytes,
                        /*scattered=*/true);
}

IoMode ShardSet::io_mode(std::uint64_t record) const { return impl_->io->mode(impl_->locate(record).shard); }

const SetIndex& ShardSet::index() const { return impl_->index; }
const std::vector<std::string>& ShardSet::names() const { return impl_->index.names; }
int ShardSet::imgsz() const { return impl_->index.options.imgsz; }
int ShardSet::variants() const { return impl_->entry_of_split().variants; }
std::string ShardSet::digest() const { return impl_->index.digest; }
std::string ShardSet::source_digest() const { return impl_->index.source_digest; }
std::string ShardSet::shard_path(std::size_t shard) const { return impl_->files.at(shard).path(); }

std::string bad_record_text(const ShardSet& set, const RecordInfo& record) {
    return fmt::format("{}: record {} ({}) is damaged; copy the shard anew, or run yolodata verify and repair",
                       set.shard_path(record.shard), record.number, printable(record.source));
}

std::vector<std::string> list_splits(const std::string& dir) {
    std::vector<std::string> names;
    for (const SplitEntry& split : read_set_index(dir).splits) names.push_back(split.name);
    return names;
}

bool is_shard_set(const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path + "/" + index_file, ignored);
}

}  // namespace yolodata::shard
