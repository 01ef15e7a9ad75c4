// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace yolodata {

/// How a read ended. Everything but `ok` leaves the buffer empty.
enum class ReadStatus {
    ok,
    failed,       ///< open or read was refused: ReadResult::error_number says why
    not_regular,  ///< a folder, FIFO, device or socket: never opened for data, never waited for
    over_limit,   ///< larger than the caller's limit: nothing was read
};

struct ReadResult {
    ReadStatus status = ReadStatus::ok;
    int error_number = 0;
    std::uint64_t size = 0;     ///< as fstat says; of an `ok` read of all of it: the bytes read
    std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970
    bool shrank = false;        ///< the file ended before the size that it had when it was opened

    explicit operator bool() const noexcept { return status == ReadStatus::ok; }
    /// "cannot be opened: Permission denied", "is a folder or special file" … for a message; empty
    /// if ok.
    std::string reason() const;
};

constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// A folder kept open, so that paths below it are not walked from the root again (openat). Reading
/// is const and may be done from many threads. Relative paths are taken from the folder, absolute
/// ones as they are. Nothing here blocks on a FIFO or device, and a file that grows or shrinks
/// meanwhile is safe.
class Folder {
 public:
    explicit Folder(const std::string& path);  ///< throws Error(not_found | io)
    ~Folder();
    Folder(Folder&& other) noexcept;
    Folder& operator=(Folder&& other) noexcept;

    /// Reads a file whole into `out`, whose capacity is reused. Throws only where this process is
    /// at its end (memory, file descriptors): Error(resource).
    ReadResult read(const std::string& path, std::vector<std::byte>& out,
                    std::uint64_t limit = no_limit) const;
    /// The same of its first `count` bytes; ReadResult::size is the file's.
    ReadResult read_prefix(const std::string& path, std::vector<std::byte>& out,
                           std::uint64_t count) const;
    /// Passes a file of any size through `sink` in pieces of at most 1 MiB.
    ReadResult stream(const std::string& path,
                      const std::function<void(std::span<const std::byte>)>& sink) const;
    /// The first bytes of a file; returns how many there are, 0 also if it cannot be read.
    std::size_t read_head(const std::string& path, std::span<std::byte> out) const;
    /// Size and time without reading.
    ReadResult status(const std::string& path) const;

 private:
    int fd_ = -1;
};

/// A whole file. Throws Error(not_found | io | resource) that names it; a file over `limit` is
/// `resource`.
std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit = no_limit);
/// The same as text.
std::string read_text_file(const std::string& path, std::uint64_t limit = no_limit);

}  // namespace yolodata
