// SPDX-License-Identifier: Apache-2.0
#include "upkeep/mend_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <utility>

#include "shard/scan.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard {

MendSource::MendSource(const std::string& dir, const ShardEntry& listed)
    : listed_(listed),
      path_(dir + "/" + listed.file),
      fd_(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), true) {
    struct stat st;
    if (fd_ && ::fstat(fd_.get(), &st) == 0) size_ = static_cast<std::uint64_t>(st.st_size);
    std::array<std::byte, format::header_bytes> head;
    if (fd_ && read_all(fd_.get(), 0, head)) {
        try {
            header_ = format::decode_header(head, path_);
        } catch (const Error&) {
        }
    }
    if (header_ && format::to_string(header_->uuid) != listed.uuid) {
        foreign_ = true;
        fault_ = "is another shard than index.json lists";
        header_.reset();
        return;
    }
    try {
        file_.emplace(path_, true);
    } catch (const Error& error) {
        if (error.kind() == ErrorKind::resource) throw;
        fault_ = error.what();
        if (fault_.starts_with(path_ + ": ")) fault_.erase(0, path_.size() + 2);
        if (const auto remedy = fault_.find("; copy the shard set"); remedy != std::string::npos)
            fault_.resize(remedy);
    }
}

std::vector<std::optional<format::IndexEntry>> MendSource::places() const {
    std::vector<std::optional<format::IndexEntry>> places(listed_.records);
    if (file_) {
        for (std::uint64_t i = 0; i < listed_.records; ++i) {
            std::array<std::byte, format::index_entry_bytes> raw;
            if (file_->pread(file_->entry_offset(i), raw))
                places[i] = format::decode_index_entry(raw);
        }
    } else if (fd_ && !foreign_) {
        const ScannedIndex scanned = scan_shard(path_);
        for (std::size_t i = 0; i < scanned.entries.size(); ++i) {
            const std::uint64_t number = scanned.numbers[i] - listed_.first_record;
            // What stands first stays: a second record of one number can only be a leftover.
            if (number < listed_.records && !places[number]) places[number] = scanned.entries[i];
        }
    }
    return places;
}

CodedRecord MendSource::coded(const format::RecordHeader& head, const format::LabelEntry& label,
                              const RecordChecker& bytes) const {
    CodedRecord record;
    record.head = head;
    record.label.assign(bytes.label_bytes().begin(), bytes.label_bytes().end());
    record.payload = bytes.payload();
    // What a version that is known here asks for, the record itself says.
    if (!label.geometry.empty()) record.minor = format::geometry_minor_version;
    if (header_) {
        if (header_->minor > format::geometry_minor_version) record.minor = header_->minor;
        record.compat = header_->compat;
        record.incompat = header_->incompat;
    }
    return record;
}

void MendSource::each(const std::function<bool(const CodedRecord&)>& whole,
                      const std::function<bool(LostRecord)>& lost) {
    const ShardBytes bytes =
        file_ ? bytes_of(*file_)
              : ShardBytes{nullptr, fd_.get(), listed_.first_record, size_, format::header_bytes,
                           size_};
    RecordChecker checker(bytes, std::nullopt);
    const auto entries = places();
    for (std::uint64_t i = 0; i < listed_.records; ++i) {
        const std::uint64_t number = listed_.first_record + i;
        std::optional<format::LabelEntry> label;
        std::string why;
        std::optional<format::RecordHeader> head;
        if (entries[i])
            head = checker.read(number, *entries[i], label, why);
        else
            why = foreign_ ? "another shard lies in the place of its own"
                  : fd_    ? "it is not found in the file"
                           : "its shard cannot be read";
        const bool go_on =
            head ? whole(coded(*head, *label, checker))
                 : lost({number, label ? label->source : std::string(), why});
        if (!go_on) return;
    }
}

}  // namespace yolodata::shard
