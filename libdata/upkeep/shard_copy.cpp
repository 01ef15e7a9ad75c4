// SPDX-License-Identifier: Apache-2.0
#include "upkeep/shard_copy.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace yolodata::shard {

using format::align_up;

namespace {

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

ShardCopy::ShardCopy(const std::string& path, format::FileHeader header)
    : file_(path), header_(std::move(header)) {
    file_.write(std::array<std::byte, format::header_bytes>{});
}

bool ShardCopy::starts_block(std::uint64_t stored) const {
    return block_.empty() || block_.size() + stored > format::block_target;
}

std::uint64_t ShardCopy::bytes_with(std::uint64_t payload_bytes, std::uint64_t label_bytes) const {
    const std::uint64_t stored =
        align_up(format::record_header_bytes + payload_bytes, format::record_align);
    const bool new_block = starts_block(stored);
    const std::uint64_t before = new_block ? align_up(file_.size() + block_.size(), format::page)
                                           : file_.size() + block_.size();
    const std::uint64_t data = align_up(before + stored, format::page);
    const std::uint64_t labels = align_up(
        format::section_header_bytes + align_up(labels_.size() + label_bytes, format::label_align),
        format::page);
    const std::uint64_t index = format::section_header_bytes +
                                (index_.size() + 1) * format::index_entry_bytes +
                                (blocks_.size() + (new_block ? 1 : 0)) * format::block_entry_bytes;
    return data + labels + align_up(index, format::record_align) + format::tail_bytes;
}

void ShardCopy::add(const MendSource::Record& record) {
    format::RecordHeader head = record.head;
    std::vector<std::byte> label = record.label;
    const format::Bytes payload = record.payload;
    if (!record.entry.geometry.empty())
        header_.minor = std::max(header_.minor, format::geometry_minor_version);
    const std::uint64_t stored =
        align_up(format::record_header_bytes + payload.size(), format::record_align);
    const std::uint64_t number = header_.first_record + index_.size();
    head.starts_block = starts_block(stored);
    if (head.starts_block) {
        flush_block();
        blocks_.push_back({file_.size(), 0, number, 0});
    }
    head.label_checksum = format::renumber_label(label, number);
    head.number = number;
    index_.push_back(
        {file_.size() + block_.size(), labels_.size(), payload.size(), head.payload_checksum});
    append(labels_, label);
    labels_.resize(align_up(labels_.size(), format::label_align));
    rows_ += head.rows;
    append(block_, format::encode(head));
    append(block_, payload);
    block_.resize(align_up(block_.size(), format::record_align));
    blocks_.back().bytes = block_.size();
    ++blocks_.back().records;
}

void ShardCopy::flush_block() {
    file_.write(block_);
    block_.clear();
    pad_to(format::page);
}

void ShardCopy::pad_to(std::uint64_t alignment) {
    file_.write(std::vector<std::byte>(align_up(file_.size(), alignment) - file_.size()));
}

std::uint64_t ShardCopy::write_section(format::SectionKind kind, std::uint64_t items,
                                       const std::vector<std::byte>& body) {
    format::SectionHeader section;
    section.kind = kind;
    section.body_bytes = body.size();
    section.records = index_.size();
    section.items = items;
    section.body_checksum = format::checksum(body);
    section.first_record = header_.first_record;
    file_.write(format::encode(section));
    file_.write(body);
    return section.body_checksum;
}

ShardEntry ShardCopy::finish() {
    flush_block();
    format::Footer& footer = header_.footer;
    footer.labels_offset = file_.size();
    const std::uint64_t labels_checksum =
        write_section(format::SectionKind::labels, rows_, labels_);
    footer.labels_bytes = file_.size() - footer.labels_offset;
    pad_to(format::page);

    std::vector<std::byte> index;
    for (format::IndexEntry entry : index_) {
        entry.label_offset += footer.labels_offset + format::section_header_bytes;
        append(index, format::encode(entry));
    }
    for (const format::BlockEntry& block : blocks_) append(index, format::encode(block));
    footer.index_offset = file_.size();
    const std::uint64_t index_checksum =
        write_section(format::SectionKind::index, blocks_.size(), index);
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
    return entry;
}

}  // namespace yolodata::shard
