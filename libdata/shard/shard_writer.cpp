// SPDX-License-Identifier: Apache-2.0
#include "shard/shard_writer.hpp"

#include <algorithm>
#include <array>
#include <span>
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

std::uint64_t stored_bytes(const CodedRecord& record) {
    return align_up(format::record_header_bytes + record.payload.size(), format::record_align);
}

std::string file_sha256(const std::string& path) {
    Sha256 hash;
    const auto read =
        Folder(".").stream(path, [&](std::span<const std::byte> piece) { hash.update(piece); });
    if (!read) throw Error(ErrorKind::io, path + " " + read.reason());
    return to_hex(hash.finish());
}

}  // namespace

ShardWriter::ShardWriter(const std::string& path, format::FileHeader header)
    : path_(path), file_(path), header_(std::move(header)) {
    file_.write(std::array<std::byte, format::header_bytes>{});
}

std::uint64_t ShardWriter::bytes_with(const CodedRecord& record) const {
    using namespace format;
    const std::uint64_t stored = stored_bytes(record);
    const bool new_block = starts_block(stored);
    const std::uint64_t before = file_.size();
    const std::uint64_t data =
        align_up((new_block ? align_up(before, page) : before) + stored, page);
    const std::uint64_t labels = align_up(
        section_header_bytes + labels_.size() + align_up(record.label.size(), label_align), page);
    const std::uint64_t index = section_header_bytes + (index_.size() + 1) * index_entry_bytes +
                                (blocks_.size() + (new_block ? 1 : 0)) * block_entry_bytes;
    return data + labels + align_up(index, record_align) + tail_bytes;
}

bool ShardWriter::starts_block(std::uint64_t stored) const {
    return block_bytes_ == 0 || block_bytes_ + stored > format::block_target;
}

void ShardWriter::add(const CodedRecord& record) {
    const std::uint64_t stored = stored_bytes(record);
    format::RecordHeader head = record.head;
    head.number = header_.first_record + index_.size();
    head.starts_block = starts_block(stored);
    if (head.starts_block) {
        end_block();
        blocks_.push_back({file_.size(), 0, head.number, 0});
    }
    index_.push_back({file_.size(), labels_.size(), record.payload.size(),
                      head.payload_checksum});
    add_label(record, head);
    // Straight from where the picture was made: gathering blocks first would copy it once more.
    file_.write(format::encode(head));
    file_.write(record.payload);
    pad_to(format::record_align);
    blocks_.back().bytes = block_bytes_ += stored;
    ++blocks_.back().records;
    rows_ += head.rows;
    header_.minor = std::max(header_.minor, record.minor);
    header_.compat |= record.compat;
    header_.incompat |= record.incompat;
}

void ShardWriter::add_label(const CodedRecord& record, format::RecordHeader& head) {
    const std::size_t at = labels_.size();
    append(labels_, record.label);
    head.label_checksum = format::renumber_label(std::span(labels_).subspan(at), head.number);
    labels_.resize(align_up(labels_.size(), format::label_align));
}

void ShardWriter::end_block() {
    block_bytes_ = 0;
    pad_to(format::page);
}

void ShardWriter::pad_to(std::uint64_t alignment) {
    const std::vector<std::byte> zeros(align_up(file_.size(), alignment) - file_.size());
    file_.write(zeros);
}

std::uint64_t ShardWriter::write_section(format::SectionKind kind, std::uint64_t items,
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

std::vector<std::byte> ShardWriter::index_body() const {
    std::vector<std::byte> body;
    for (format::IndexEntry entry : index_) {
        entry.label_offset += header_.footer.labels_offset + format::section_header_bytes;
        append(body, format::encode(entry));
    }
    for (const format::BlockEntry& block : blocks_) append(body, format::encode(block));
    return body;
}

ShardEntry ShardWriter::finish() {
    end_block();
    format::Footer& footer = header_.footer;
    footer.labels_offset = file_.size();
    const std::uint64_t labels_checksum =
        write_section(format::SectionKind::labels, rows_, labels_);
    footer.labels_bytes = file_.size() - footer.labels_offset;
    pad_to(format::page);

    footer.index_offset = file_.size();
    const std::uint64_t index_checksum =
        write_section(format::SectionKind::index, blocks_.size(), index_body());
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
