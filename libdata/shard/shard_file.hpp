// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "shard/format.hpp"

namespace yolodata::shard {

/// A file descriptor that is closed at the end of its scope if it was opened for that scope only.
class ScopedFd {
   public:
    ScopedFd(int fd, bool owned) : fd_(fd), owned_(owned) {}
    ~ScopedFd();
    ScopedFd(ScopedFd&& other) noexcept : fd_(other.fd_), owned_(other.owned_) { other.owned_ = false; }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

   private:
    int fd_;
    bool owned_;
};

/// Reads by pread, whatever its pieces; false if not every byte could be had.
bool read_all(int fd, std::uint64_t offset, std::span<std::byte> out);

/// One shard, opened and checked: header, tail, both section headers, the whole index. All const members
/// may be called from many threads.
class ShardFile {
   public:
    /// Throws Error(not_found | io | corrupt | unsupported). keep_open: hold one descriptor, so that a
    /// shard that is replaced or removed meanwhile can still be read to the end.
    ShardFile(std::string path, bool keep_open);
    ~ShardFile();
    ShardFile(ShardFile&& other) noexcept;

    const std::string& path() const { return path_; }
    const format::FileHeader& header() const { return header_; }
    std::uint64_t size() const { return header_.footer.file_bytes; }
    std::uint64_t entry_offset(std::uint64_t number_in_shard) const;
    std::uint64_t label_rows() const { return rows_; }
    std::uint64_t blocks() const { return blocks_; }

    /// A descriptor of the very file that was opened; none (get() < 0) if it cannot be had any more.
    ScopedFd descriptor() const;
    /// Reads through a descriptor, not through a mapping; false if not every byte could be read. fresh:
    /// asks the kernel to forget its cached pages of the range first, in case they are what is damaged.
    bool pread(std::uint64_t offset, std::span<std::byte> out, bool fresh = false) const;
    /// Two buffers from one stretch of the file, by one call.
    bool pread(std::uint64_t offset, std::span<std::byte> first, std::span<std::byte> second) const;

   private:
    void check(int fd);
    void check_index(int fd);

    std::string path_;
    int fd_ = -1;
    dev_t device_ = 0;
    ino_t inode_ = 0;
    format::FileHeader header_;
    std::uint64_t rows_ = 0, blocks_ = 0;
};

}  // namespace yolodata::shard
