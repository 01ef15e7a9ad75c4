// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/reader.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "shard/bus_guard.hpp"
#include "shard/shard_file.hpp"
#include "shard/window_cache.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

namespace {

/// How bytes get out of the file: first by the mapping; if they then fail their check, by a second read
/// from the file itself, because the damage may lie in the page cache or the mapping alone.
enum class Via { mapping, file };

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
    mutable WindowCache windows;

    Impl(const std::string& folder, std::string name, const ReadOptions& options)
        : dir(folder), split(std::move(name)), index(read_set_index(folder)),
          windows(options.window_bytes, options.mapped_bytes) {
        constexpr std::uint64_t grain = std::uint64_t{64} << 10;  // the largest page of any Linux
        if (options.window_bytes == 0 || options.window_bytes % grain != 0)
            throw Error(ErrorKind::invalid_argument, "window_bytes must be a multiple of 64 KiB");
        open_files();
    }

    void open_files();
    Place locate(std::uint64_t record) const;
    bool copy(std::size_t shard, std::uint64_t offset, std::span<std::byte> out, Via via) const;
    std::optional<format::IndexEntry> entry(const Place& place, Via via) const;
    std::optional<format::LabelEntry> try_label(const Place& place, const format::IndexEntry& e, Via via) const;
    std::pair<format::LabelEntry, format::IndexEntry> label(std::uint64_t record) const;
    bool try_read(const Place& place, std::vector<std::uint8_t>& out, Via via) const;
};

void ShardSet::Impl::open_files() {
    const auto known = std::any_of(index.splits.begin(), index.splits.end(),
                                   [&](const SplitEntry& s) { return s.name == split; });
    if (!known) throw Error(ErrorKind::not_found, fmt::format("{}: the shard set has no split {}", dir, split));
    const bool keep_open = may_keep_open(index.shards.size());
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

bool ShardSet::Impl::copy(std::size_t shard, std::uint64_t offset, std::span<std::byte> out, Via via) const {
    const ShardFile& file = files[shard];
    if (out.empty()) return true;
    if (via == Via::file) {
        windows.drop(shard, offset);  // mapped pages cannot be dropped from the page cache
        return file.pread(offset, out, true);
    }
    const auto window = windows.get(file, shard, offset, out.size());
    if (!window) return file.pread(offset, out);
    return guarded_copy(out.data(), window->at(offset), out.size());
}

std::optional<format::IndexEntry> ShardSet::Impl::entry(const Place& place, Via via) const {
    std::array<std::byte, format::index_entry_bytes> raw;
    if (!copy(place.shard, files[place.shard].entry_offset(place.number), raw, via)) return std::nullopt;
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
    if (!copy(place.shard, e.label_offset, head, via)) return std::nullopt;
    const format::Footer& f = files[place.shard].header().footer;
    const std::uint64_t length = format::label_entry_length(head);
    if (length == 0 || length > f.labels_offset + f.labels_bytes - e.label_offset) return std::nullopt;
    std::vector<std::byte> raw(length);
    if (!copy(place.shard, e.label_offset, raw, via)) return std::nullopt;
    auto label = format::decode_label(raw);
    if (!label || label->number != first[place.shard] + place.number) return std::nullopt;
    if (label->width == 0 || label->height == 0 || label->codec > static_cast<std::uint8_t>(Codec::jpeg)) return std::nullopt;
    return label;
}

std::pair<format::LabelEntry, format::IndexEntry> ShardSet::Impl::label(std::uint64_t record) const {
    const Place place = locate(record);
    for (const Via via : {Via::mapping, Via::file}) {
        const auto e = entry(place, via);
        if (!e) continue;
        if (auto found = try_label(place, *e, via)) return {std::move(*found), *e};
    }
    throw Error(ErrorKind::corrupt, fmt::format("{}: the labels of record {} of split {} are damaged; copy the shard "
                                                "anew or pack the set again",
                                                files[place.shard].path(), record, split));
}

bool ShardSet::Impl::try_read(const Place& place, std::vector<std::uint8_t>& out, Via via) const {
    const auto e = entry(place, via);
    if (!e) return false;
    std::array<std::byte, format::record_header_bytes> head;
    if (!copy(place.shard, e->record_offset, head, via)) return false;
    const auto record = format::decode_record(head);
    if (!record || record->number != first[place.shard] + place.number || record->payload_bytes != e->payload_bytes ||
        record->payload_checksum != e->payload_checksum || record->channels != 3)
        return false;
    if (record->codec > static_cast<std::uint8_t>(Codec::jpeg)) return false;
    if (record->codec == static_cast<std::uint8_t>(Codec::raw) &&
        std::uint64_t{record->width} * record->height * 3 != record->payload_bytes)
        return false;
    out.resize(e->payload_bytes);
    const auto bytes = std::as_writable_bytes(std::span(out));
    return copy(place.shard, e->record_offset + format::record_header_bytes, bytes, via) &&
           format::checksum(bytes) == e->payload_checksum;
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
    return info;
}

std::vector<Box> ShardSet::boxes(std::uint64_t record) const { return std::move(impl_->label(record).first.boxes); }

bool ShardSet::read(std::uint64_t record, std::vector<std::uint8_t>& out) const {
    const Place place = impl_->locate(record);
    return impl_->try_read(place, out, Via::mapping) || impl_->try_read(place, out, Via::file);
}

const SetIndex& ShardSet::index() const { return impl_->index; }
const std::vector<std::string>& ShardSet::names() const { return impl_->index.names; }
int ShardSet::imgsz() const { return impl_->index.options.imgsz; }
std::string ShardSet::digest() const { return impl_->index.digest; }
std::string ShardSet::source_digest() const { return impl_->index.source_digest; }
std::string ShardSet::shard_path(std::size_t shard) const { return impl_->files.at(shard).path(); }

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
