// SPDX-License-Identifier: Apache-2.0
#include "shard/shard_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"

namespace yolodata::shard {

using format::align_up;

namespace {

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

std::string file_sha256(const std::string& path) {
    Sha256 hash;
    const auto read =
        Folder(".").stream(path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    if (!read) throw Error(ErrorKind::io, path + " " + read.reason());
    return to_hex(hash.finish());
}

void check_fits(const RecordData& r) {
    const bool sized = r.width > 0 && r.height > 0 && !r.payload.empty();
    const bool raw_fits =
        r.codec != Codec::raw || r.payload.size() == static_cast<std::uint64_t>(r.width) *
                                                         static_cast<std::uint64_t>(r.height) * 3;
    if (!sized || !raw_fits)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{}: {} bytes do not make a picture of {}x{}", r.source,
                                r.payload.size(), r.width, r.height));
    const Geometry& g = r.geometry;
    const auto vertices = std::accumulate(g.vertex_counts.begin(), g.vertex_counts.end(), std::uint64_t{0});
    const bool polygons_fit = g.vertex_counts.empty() || g.vertex_counts.size() == r.boxes.size();
    const std::uint64_t keypoint_numbers = r.boxes.size() * g.keypoints * g.keypoint_dims;
    if (!polygons_fit || g.vertices.size() != 2 * vertices ||
        (!g.keypoint_values.empty() && g.keypoint_values.size() != keypoint_numbers))
        throw Error(ErrorKind::invalid_argument, r.source + ": its polygons or key points do not fit its rows");
}

}  // namespace

ShardWriter::ShardWriter(const std::string& path, std::string schema, std::uint64_t first_record)
    : path_(path), file_(path) {
    header_.schema = std::move(schema);
    header_.first_record = first_record;
    file_.write(std::array<std::byte, format::header_bytes>{});
}

std::uint64_t ShardWriter::bytes_with(const RecordData& record) const {
    using namespace format;
    const std::uint64_t stored =
        align_up(record_header_bytes + record.payload.size(), record_align);
    const bool new_block = starts_block(stored);
    const std::uint64_t before = file_.size() + block_.size();
    const std::uint64_t data =
        align_up((new_block ? align_up(before, page) : before) + stored, page);
    const std::uint64_t label =
        label_entry_bytes(record.boxes.size(), record.source.size(), record.geometry);
    const std::uint64_t labels =
        align_up(section_header_bytes + labels_.size() + align_up(label, label_align), page);
    const std::uint64_t index = section_header_bytes + (index_.size() + 1) * index_entry_bytes +
                                (blocks_.size() + (new_block ? 1 : 0)) * block_entry_bytes;
    return data + labels + align_up(index, record_align) + tail_bytes;
}

bool ShardWriter::starts_block(std::uint64_t stored) const {
    return block_.empty() || block_.size() + stored > format::block_target;
}

void ShardWriter::add(const RecordData& record) {
    check_fits(record);
    const std::uint64_t stored =
        align_up(format::record_header_bytes + record.payload.size(), format::record_align);
    const bool new_block = starts_block(stored);
    if (new_block) flush_block();
    const std::uint64_t offset = file_.size() + block_.size();
    const std::uint64_t number = header_.first_record + index_.size();
    if (new_block) blocks_.push_back({offset, 0, number, 0});

    format::LabelEntry label;
    label.number = number;
    label.width = static_cast<std::uint32_t>(record.width);
    label.height = static_cast<std::uint32_t>(record.height);
    label.source_width = static_cast<std::uint32_t>(record.source_width);
    label.source_height = static_cast<std::uint32_t>(record.source_height);
    label.codec = static_cast<std::uint8_t>(record.codec);
    label.variant = record.variant;
    label.boxes = record.boxes;
    label.source = record.source;
    label.geometry = record.geometry;
    if (!record.geometry.empty()) header_.minor = format::geometry_minor_version;
    format::RecordHeader head;
    const auto label_bytes = format::encode(label, head.label_checksum);
    index_.push_back({offset, labels_.size(), record.payload.size(), record.checksum});
    append(labels_, label_bytes);
    labels_.resize(align_up(labels_.size(), format::label_align));
    rows_ += record.boxes.size();

    head.starts_block = new_block;
    head.number = number;
    head.width = label.width;
    head.height = label.height;
    head.codec = label.codec;
    head.rows = static_cast<std::uint32_t>(record.boxes.size());
    head.payload_bytes = record.payload.size();
    head.payload_checksum = record.checksum;
    block_.reserve(std::max<std::uint64_t>(format::block_target, stored));
    append(block_, format::encode(head));
    append(block_, std::as_bytes(std::span(record.payload)));
    block_.resize(align_up(block_.size(), format::record_align));
    blocks_.back().bytes = block_.size();
    ++blocks_.back().records;
}

void ShardWriter::flush_block() {
    file_.write(block_);
    block_.clear();
    pad_to(format::page);
}

void ShardWriter::pad_to(std::uint64_t alignment) {
    const std::vector<std::byte> zeros(align_up(file_.size(), alignment) - file_.size());
    file_.write(zeros);
}

std::uint64_t ShardWriter::write_section(format::SectionKind kind, std::uint64_t items,
                                         const std::vector<std::byte>& body,
                                         std::uint64_t& checksum) {
    const std::uint64_t offset = file_.size();
    format::SectionHeader section;
    section.kind = kind;
    section.body_bytes = body.size();
    section.records = index_.size();
    section.items = items;
    section.body_checksum = checksum = format::checksum(body);
    section.first_record = header_.first_record;
    file_.write(format::encode(section));
    file_.write(body);
    return offset;
}

ShardEntry ShardWriter::finish() {
    flush_block();
    std::uint64_t labels_checksum = 0, index_checksum = 0;
    format::Footer& footer = header_.footer;
    footer.labels_offset =
        write_section(format::SectionKind::labels, rows_, labels_, labels_checksum);
    footer.labels_bytes = file_.size() - footer.labels_offset;
    pad_to(format::page);

    std::vector<std::byte> index;
    for (format::IndexEntry entry : index_) {
        entry.label_offset += footer.labels_offset + format::section_header_bytes;
        append(index, format::encode(entry));
    }
    for (const format::BlockEntry& block : blocks_) append(index, format::encode(block));
    footer.index_offset =
        write_section(format::SectionKind::index, blocks_.size(), index, index_checksum);
    footer.index_bytes = file_.size() - footer.index_offset;
    pad_to(format::record_align);

    footer.file_bytes = file_.size() + format::tail_bytes;
    file_.write(format::encode_tail(footer));
    header_.records = index_.size();
    header_.uuid = format::make_uuid(header_, labels_checksum, index_checksum);
    file_.write_at(0, format::encode(header_));
    file_.commit();

    ShardEntry entry;
    entry.records = header_.records;
    entry.first_record = header_.first_record;
    entry.rows = rows_;
    entry.bytes = footer.file_bytes;
    entry.uuid = format::to_string(header_.uuid);
    entry.sha256 = file_sha256(path_);
    return entry;
}

}  // namespace yolodata::shard
