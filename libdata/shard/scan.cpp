// SPDX-License-Identifier: Apache-2.0
#include "shard/scan.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "shard/shard_file.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard {

namespace {

/// A file read in large pieces, so that looking at every 64th byte is not a system call each time.
class PieceReader {
   public:
    explicit PieceReader(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), true) {
        struct stat st;
        if (!fd_ || ::fstat(fd_.get(), &st) != 0) throw_errno("read", path, errno);
        size_ = static_cast<std::uint64_t>(st.st_size);
    }
    std::uint64_t size() const { return size_; }

    /// The bytes at offset, as many as the file has of them; valid until the next call.
    format::Bytes at(std::uint64_t offset, std::uint64_t n) {
        n = offset < size_ ? std::min(n, size_ - offset) : 0;
        if (offset < begin_ || offset + n > begin_ + piece_.size()) load(offset, n);
        return format::Bytes(piece_).subspan(offset - begin_, n);
    }

   private:
    void load(std::uint64_t offset, std::uint64_t n) {
        constexpr std::uint64_t piece_bytes = 1 << 20;
        piece_.resize(std::min(std::max(n, piece_bytes), size_ - std::min(size_, offset)));
        begin_ = offset;
        std::size_t done = 0;
        while (done < piece_.size()) {
            const ssize_t got = ::pread(fd_.get(), piece_.data() + done, piece_.size() - done, static_cast<off_t>(offset + done));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw_errno("read", path_, errno);
            if (got == 0) break;
            done += static_cast<std::size_t>(got);
        }
        std::fill(piece_.begin() + static_cast<std::ptrdiff_t>(done), piece_.end(), std::byte{0});
    }
    std::string path_;
    ScopedFd fd_;
    std::uint64_t size_ = 0, begin_ = 0;
    std::vector<std::byte> piece_;
};

/// Where each record's label entry lies, by record number.
using LabelPlaces = std::map<std::uint64_t, std::uint64_t>;

/// Walks the entries from `begin` on; ends at `end` or at the next section. Returns where it ended.
std::uint64_t scan_labels(PieceReader& file, std::uint64_t begin, std::uint64_t end, LabelPlaces& places) {
    std::uint64_t at = begin;
    while (at + format::label_header_bytes <= end) {
        const auto head = file.at(at, format::section_header_bytes);
        if (at % format::page == 0 && format::decode_section(head)) break;
        const std::uint64_t length = format::may_be_label(head) ? format::label_entry_length(head) : 0;
        const auto label = length != 0 && length <= end - at ? format::decode_label(file.at(at, length)) : std::nullopt;
        if (label) places.emplace(label->number, at);
        at += label ? format::align_up(length, format::label_align) : format::label_align;
    }
    return at;
}

}  // namespace

ScannedIndex scan_shard(const std::string& path) {
    PieceReader file(path);
    ScannedIndex index;
    LabelPlaces labels;
    for (std::uint64_t at = format::header_bytes; at + format::record_header_bytes <= file.size();) {
        const auto head = file.at(at, format::record_header_bytes);
        const std::uint64_t left = file.size() - at - format::record_header_bytes;
        if (const auto record = format::decode_record(head); record && record->payload_bytes <= left) {
            const std::uint64_t end = format::align_up(at + format::record_header_bytes + record->payload_bytes, format::record_align);
            if (record->starts_block || index.blocks.empty()) index.blocks.push_back({at, 0, record->number, 0});
            index.blocks.back().bytes = end - index.blocks.back().offset;
            ++index.blocks.back().records;
            index.entries.push_back({at, 0, record->payload_bytes, record->payload_checksum});
            index.numbers.push_back(record->number);
            at = end;
            continue;
        }
        const auto section = format::decode_section(head);
        if (section && section->body_bytes <= left) {
            const std::uint64_t body = at + format::section_header_bytes;
            if (section->kind == format::SectionKind::labels) scan_labels(file, body, body + section->body_bytes, labels);
            at = format::align_up(body + section->body_bytes, format::record_align);
            continue;
        }
        // Labels whose section lost its head, or its end.
        if (format::may_be_label(head)) {
            const std::uint64_t length = format::label_entry_length(head);
            if (length <= file.size() - at && format::decode_label(file.at(at, length))) {
                at = format::align_up(scan_labels(file, at, file.size(), labels), format::record_align);
                continue;
            }
        }
        at += format::record_align;
    }
    for (std::size_t i = 0; i < index.entries.size(); ++i)
        if (const auto found = labels.find(index.numbers[i]); found != labels.end()) index.entries[i].label_offset = found->second;
    return index;
}

}  // namespace yolodata::shard
