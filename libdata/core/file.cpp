// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "yolodata/core/error.hpp"

namespace yolodata {

namespace {

constexpr std::size_t piece_bytes = std::size_t{1} << 20;

class Descriptor {
 public:
    explicit Descriptor(int fd) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int get() const { return fd_; }

 private:
    int fd_;
};

ReadResult failure(int error_number) {
    ReadResult result;
    result.status = ReadStatus::failed;
    result.error_number = error_number;
    return result;
}

ReadResult from_stat(const struct stat& st) {
    ReadResult result;
    if (!S_ISREG(st.st_mode)) result.status = ReadStatus::not_regular;
    result.size = static_cast<std::uint64_t>(st.st_size);
    result.mtime_ns = std::int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
    return result;
}

// O_NONBLOCK: opening a FIFO that has no writer must not wait. Sockets cannot be opened (ENXIO).
int open_for_reading(int folder, const std::string& path) {
    int fd;
    do {
        fd = ::openat(folder, path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

ssize_t read_some(int fd, std::byte* to, std::size_t n) {
    ssize_t got;
    do {
        got = ::read(fd, to, n);
    } while (got < 0 && errno == EINTR);
    return got;
}

ReadResult open_and_stat(const Descriptor& file) {
    if (file.get() < 0) {
        const struct stat no_file {};
        return errno == ENXIO ? from_stat(no_file) : failure(errno);
    }
    struct stat st;
    if (::fstat(file.get(), &st) != 0) return failure(errno);
    return from_stat(st);
}

// Out of descriptors or memory is a failure of this process, never a fault of the file.
void throw_if_exhausted(const ReadResult& result, const std::string& path) {
    switch (result.error_number) {
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            throw_errno("open", path, result.error_number);
        default:
            return;
    }
}

ReadResult read_below(int folder, const std::string& path, std::vector<std::byte>& out,
                      std::uint64_t limit, std::uint64_t count = no_limit) {
    const Descriptor file(open_for_reading(folder, path));
    ReadResult result = open_and_stat(file);
    if (!result) {
        out.clear();
        throw_if_exhausted(result, path);
        return result;
    }
    if (result.size > limit) {
        out.clear();
        result.status = ReadStatus::over_limit;
        return result;
    }
    const std::uint64_t wanted = std::min(result.size, count);
    // Cleared only where memory has to grow: what is about to be overwritten need not be filled with
    // zeros first.
    if (wanted > out.capacity()) out.clear();
    out.resize(wanted);
    std::size_t have = 0;
    while (have < out.size()) {
        const ssize_t got = read_some(file.get(), out.data() + have, out.size() - have);
        if (got < 0) {
            result.status = ReadStatus::failed;
            result.error_number = errno;
            out.clear();
            return result;
        }
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    result.shrank = have < out.size();
    out.resize(have);
    if (result.shrank || count >= result.size) result.size = have;
    return result;
}

}  // namespace

std::string ReadResult::reason() const {
    switch (status) {
        case ReadStatus::ok:
            return {};
        case ReadStatus::failed:
            return "cannot be read: " + std::generic_category().message(error_number);
        case ReadStatus::not_regular:
            return "is no regular file (a folder, FIFO or device)";
        case ReadStatus::over_limit:
            return "is too large (" + std::to_string(size) + " bytes)";
    }
    return {};
}

Folder::Folder(const std::string& path) {
    do {
        fd_ = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    } while (fd_ < 0 && errno == EINTR);
    if (fd_ < 0) throw_errno("open the folder", path, errno);
}

Folder::~Folder() {
    if (fd_ >= 0) ::close(fd_);
}

Folder::Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

Folder& Folder::operator=(Folder&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

ReadResult Folder::read(const std::string& path, std::vector<std::byte>& out,
                        std::uint64_t limit) const {
    return read_below(fd_, path, out, limit);
}

ReadResult Folder::stream(const std::string& path,
                          const std::function<void(std::span<const std::byte>)>& sink) const {
    const Descriptor file(open_for_reading(fd_, path));
    ReadResult result = open_and_stat(file);
    if (!result) {
        throw_if_exhausted(result, path);
        return result;
    }
    std::vector<std::byte> piece(
        std::min<std::uint64_t>(piece_bytes, std::max<std::uint64_t>(result.size, 1)));
    std::uint64_t left = result.size;
    while (left > 0) {
        const ssize_t got =
            read_some(file.get(), piece.data(), std::min<std::uint64_t>(piece.size(), left));
        if (got < 0) {
            result.status = ReadStatus::failed;
            result.error_number = errno;
            return result;
        }
        if (got == 0) break;
        sink({piece.data(), static_cast<std::size_t>(got)});
        left -= static_cast<std::uint64_t>(got);
    }
    result.shrank = left > 0;
    result.size -= left;
    return result;
}

ReadResult Folder::read_prefix(const std::string& path, std::vector<std::byte>& out,
                               std::uint64_t count) const {
    return read_below(fd_, path, out, no_limit, count);
}

std::size_t Folder::read_head(const std::string& path, std::span<std::byte> out) const {
    const Descriptor file(open_for_reading(fd_, path));
    if (!open_and_stat(file)) return 0;
    std::size_t have = 0;
    while (have < out.size()) {
        const ssize_t got = read_some(file.get(), out.data() + have, out.size() - have);
        if (got <= 0) break;
        have += static_cast<std::size_t>(got);
    }
    return have;
}

ReadResult Folder::status(const std::string& path) const {
    struct stat st;
    if (::fstatat(fd_, path.c_str(), &st, 0) != 0) return failure(errno);
    return from_stat(st);
}

std::vector<std::byte> read_file(const std::string& path, std::uint64_t limit) {
    std::vector<std::byte> bytes;
    const ReadResult result = read_below(AT_FDCWD, path, bytes, limit);
    switch (result.status) {
        case ReadStatus::ok:
            return bytes;
        case ReadStatus::failed:
            throw_errno("read", path, result.error_number);
        case ReadStatus::not_regular:
            throw Error(ErrorKind::io, "cannot read " + path + ": it " + result.reason());
        case ReadStatus::over_limit:
            throw Error(ErrorKind::resource, "cannot read " + path + ": it " + result.reason() +
                                                 "; the limit is " + std::to_string(limit));
    }
    return bytes;
}

std::string read_text_file(const std::string& path, std::uint64_t limit) {
    const std::vector<std::byte> bytes = read_file(path, limit);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace yolodata
