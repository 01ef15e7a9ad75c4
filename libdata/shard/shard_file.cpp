// SPDX-License-Identifier: Apache-2.0
#include "shard/shard_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <utility>
#include <vector>

#include "yolodata/core/error.hpp"

namespace yolodata::shard {

namespace {

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
    throw Error(ErrorKind::corrupt, path + ": " + why + "; copy the shard set anew, mend it by yolodata repair, or pack it again");
}

/// Bytes that could be read, fewer than asked for only at the end of the file; −1 with errno.
ssize_t read_at(int fd, std::uint64_t offset, std::span<std::byte> out) {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t got = ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -1;
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return static_cast<ssize_t>(done);
}

void read_exactly(int fd, const std::string& path, std::uint64_t offset, std::span<std::byte> out) {
    const ssize_t got = read_at(fd, offset, out);
    if (got < 0) throw_errno("read", path, errno);
    if (static_cast<std::size_t>(got) != out.size()) corrupt(path, "ended while it was read");
}

format::SectionHeader read_section(int fd, const std::string& path, std::uint64_t offset, std::uint64_t bytes,
                                   std::uint64_t file_bytes, format::SectionKind kind, const char* name) {
    std::array<std::byte, format::section_header_bytes> raw;
    const bool in_file = offset % format::page == 0 && offset >= format::header_bytes && offset < file_bytes &&
                         bytes >= raw.size() && bytes <= file_bytes - format::tail_bytes - offset;
    if (!in_file) corrupt(path, fmt::format("its header places the {} outside the file", name));
    read_exactly(fd, path, offset, raw);
    const auto section = format::decode_section(raw);
    if (!section || section->kind != kind || section->body_bytes != bytes - raw.size())
        corrupt(path, fmt::format("the head of its {} is damaged", name));
    return *section;
}

}  // namespace

bool read_all(int fd, std::uint64_t offset, std::span<std::byte> out) {
    return read_at(fd, offset, out) == static_cast<ssize_t>(out.size());
}

ScopedFd::~ScopedFd() {
    if (owned_ && fd_ >= 0) ::close(fd_);
}

ShardFile::ShardFile(std::string path, bool keep_open) : path_(std::move(path)) {
    ScopedFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), true);
    if (!fd) throw_errno("open", path_, errno);
    check(fd.get());
    if (keep_open) {
        fd_ = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0);
        if (fd_ < 0) throw_errno("open", path_, errno);
    }
}

ShardFile::~ShardFile() {
    if (fd_ >= 0) ::close(fd_);
}

ShardFile::ShardFile(ShardFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      device_(other.device_),
      inode_(other.inode_),
      header_(std::move(other.header_)),
      rows_(other.rows_),
      blocks_(other.blocks_) {}

void ShardFile::check(int fd) {
    struct stat st;
    if (::fstat(fd, &st) != 0) throw_errno("read", path_, errno);
    if (!S_ISREG(st.st_mode)) corrupt(path_, "is no regular file");
    device_ = st.st_dev;
    inode_ = st.st_ino;
    const auto size = static_cast<std::uint64_t>(st.st_size);
    std::array<std::byte, format::header_bytes> head;
    if (size < head.size() + format::tail_bytes) corrupt(path_, "is shorter than an empty shard");
    read_exactly(fd, path_, 0, head);
    header_ = format::decode_header(head, path_);
    const format::Footer& footer = header_.footer;
    if (footer.file_bytes != size)
        corrupt(path_, fmt::format("has {} bytes where its header says {}", size, footer.file_bytes));
    std::array<std::byte, format::tail_bytes> tail;
    read_exactly(fd, path_, size - tail.size(), tail);
    if (format::decode_tail(tail, path_) != footer) corrupt(path_, "its header and its last 64 bytes disagree");
    check_index(fd);
}

void ShardFile::check_index(int fd) {
    const format::Footer& f = header_.footer;
    const auto labels = read_section(fd, path_, f.labels_offset, f.labels_bytes, f.file_bytes,
                                     format::SectionKind::labels, "labels");
    const auto index = read_section(fd, path_, f.index_offset, f.index_bytes, f.file_bytes,
                                    format::SectionKind::index, "index");
    const bool counts_fit = labels.records == header_.records && index.records == header_.records &&
                            labels.first_record == header_.first_record &&
                            index.first_record == header_.first_record &&
                            index.records <= index.body_bytes / format::index_entry_bytes &&
                            index.items <= index.body_bytes / format::block_entry_bytes &&
                            index.body_bytes == index.records * format::index_entry_bytes +
                                                    index.items * format::block_entry_bytes;
    if (!counts_fit) corrupt(path_, "its header, labels and index count its records differently");
    rows_ = labels.items;
    blocks_ = index.items;

    const std::unique_ptr<XXH3_state_t, XXH_errorcode (*)(XXH3_state_t*)> state(XXH3_createState(), XXH3_freeState);
    if (!state) throw std::bad_alloc();
    XXH3_64bits_reset(state.get());
    std::vector<std::byte> piece(std::min<std::uint64_t>(index.body_bytes, 1 << 20));
    for (std::uint64_t done = 0; done < index.body_bytes;) {
        const auto part = std::span(piece).first(std::min<std::uint64_t>(piece.size(), index.body_bytes - done));
        read_exactly(fd, path_, f.index_offset + format::section_header_bytes + done, part);
        XXH3_64bits_update(state.get(), part.data(), part.size());
        done += part.size();
    }
    if (XXH3_64bits_digest(state.get()) != index.body_checksum) corrupt(path_, "the checksum of its index does not hold");
    if (header_.uuid != format::make_uuid(header_, labels.body_checksum, index.body_checksum))
        corrupt(path_, "its id does not fit its content");
}

std::uint64_t ShardFile::entry_offset(std::uint64_t number_in_shard) const {
    return header_.footer.index_offset + format::section_header_bytes + number_in_shard * format::index_entry_bytes;
}

ScopedFd ShardFile::descriptor() const {
    if (fd_ >= 0) return {fd_, false};
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd >= 0 && (::fstat(fd, &st) != 0 || st.st_dev != device_ || st.st_ino != inode_)) {
        ::close(fd);
        return {-1, false};
    }
    return {fd, true};
}

bool ShardFile::pread(std::uint64_t offset, std::span<std::byte> out, bool fresh) const {
    const ScopedFd fd = descriptor();
    if (!fd) return false;
    if (fresh) ::posix_fadvise(fd.get(), static_cast<off_t>(offset), static_cast<off_t>(out.size()), POSIX_FADV_DONTNEED);
    return read_all(fd.get(), offset, out);
}

bool ShardFile::pread(std::uint64_t offset, std::span<std::byte> first, std::span<std::byte> second) const {
    const ScopedFd fd = descriptor();
    if (!fd) return false;
    const std::array<struct iovec, 2> parts{{{first.data(), first.size()}, {second.data(), second.size()}}};
    const ssize_t got = ::preadv(fd.get(), parts.data(), second.empty() ? 1 : 2, static_cast<off_t>(offset));
    if (got == static_cast<ssize_t>(first.size() + second.size())) return true;
    // Interrupted or short: piece by piece.
    return read_all(fd.get(), offset, first) && read_all(fd.get(), offset + first.size(), second);
}

}  // namespace yolodata::shard
