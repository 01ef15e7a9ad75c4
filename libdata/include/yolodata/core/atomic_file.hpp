// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace yolodata {

/// A file that appears under its name complete or not at all: written beside it under a temporary
/// name
/// (".NAME.tmp-…"), synced, renamed, and the folder synced. The destructor of an uncommitted one
/// removes the temporary file and nothing else. A path that exists and is no regular file
/// (/dev/stdout, a FIFO) is written directly; through a symbolic link the file that it points to is
/// replaced. Not thread-safe.
class AtomicFile {
 public:
    /// Throws Error(not_found | io | resource).
    explicit AtomicFile(std::string path);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::span<const std::byte> bytes);
    void write(std::string_view text);
    /// Overwrites bytes written before (a header whose counts are known at the end).
    void write_at(std::uint64_t offset, std::span<const std::byte> bytes);
    std::uint64_t size() const noexcept { return size_; }

    /// Publishes the file. Throws Error; the old file, if any, then still stands.
    void commit();

 private:
    void close_quietly() noexcept;
    std::string path_, temporary_;  ///< temporary_ is empty when path_ is written directly
    int fd_ = -1;
    std::uint64_t size_ = 0;
};

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::string& path, std::string_view text);

/// Makes a rename or creation in this folder durable. File systems that cannot sync a folder are
/// fine.
void sync_folder(const std::string& path);

}  // namespace yolodata
