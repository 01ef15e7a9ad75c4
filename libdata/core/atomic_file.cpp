// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/atomic_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "yolodata/core/error.hpp"

namespace yolodata {

namespace {

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

// Unique in this process by the counter, among processes by the pid, and O_EXCL guards the rest.
std::string temporary_name(const std::string& path) {
    static std::atomic<unsigned> counter{0};
    const auto slash = path.rfind('/');
    const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
    return folder_of(path) + "/." + name + ".tmp-" + std::to_string(::getpid()) + "-" +
           std::to_string(counter.fetch_add(1));
}

std::string resolved(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                           &std::free);
    return real ? std::string(real.get()) : path;
}

void write_all(int fd, const std::string& path, const std::byte* data, std::size_t n) {
    while (n > 0) {
        const ssize_t put = ::write(fd, data, n);
        if (put < 0) {
            if (errno == EINTR) continue;
            throw_errno("write", path, errno);
        }
        data += put;
        n -= static_cast<std::size_t>(put);
    }
}

}  // namespace

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)) {
    struct stat st;
    const bool exists = ::stat(path_.c_str(), &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) throw_errno("write", path_, EISDIR);
    if (exists && !S_ISREG(st.st_mode)) {
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY);
        if (fd_ < 0) throw_errno("write", path_, errno);
        return;
    }
    if (exists) path_ = resolved(path_);
    // A left-over of a process with the same pid is in the way at most a few times.
    for (int attempt = 0; attempt < 100; ++attempt) {
        temporary_ = temporary_name(path_);
        fd_ = ::open(temporary_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd_ >= 0 || errno != EEXIST) break;
    }
    if (fd_ < 0) {
        const int error_number = errno;
        temporary_.clear();
        throw_errno("write", path_, error_number);
    }
    if (exists) {
        // The permissions of the old file stay; where they cannot be set, the default ones have to
        // do.
        [[maybe_unused]] const int ignored = ::fchmod(fd_, st.st_mode & 07777);
    }
}

AtomicFile::~AtomicFile() {
    close_quietly();
}

void AtomicFile::close_quietly() noexcept {
    if (fd_ < 0) return;
    ::close(fd_);
    fd_ = -1;
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::write(std::span<const std::byte> bytes) {
    write_all(fd_, path_, bytes.data(), bytes.size());
    size_ += bytes.size();
}

void AtomicFile::write(std::string_view text) {
    write(std::as_bytes(std::span(text.data(), text.size())));
}

void AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t put = ::pwrite(fd_, bytes.data() + done, bytes.size() - done,
                                     static_cast<off_t>(offset + done));
        if (put < 0) {
            if (errno == EINTR) continue;
            throw_errno("write", path_, errno);
        }
        done += static_cast<std::size_t>(put);
    }
}

void AtomicFile::commit() {
    if (temporary_.empty()) {
        if (::close(fd_) != 0) {
            fd_ = -1;
            throw_errno("write", path_, errno);
        }
        fd_ = -1;
        return;
    }
    if (::fsync(fd_) != 0) throw_errno("write", path_, errno);
    // Closing reports late errors of network file systems: before the rename, so that nothing bad
    // is published.
    const int closed = ::close(fd_);
    fd_ = -1;
    const int error_number = errno;
    if (closed != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
        const int why = closed != 0 ? error_number : errno;
        ::unlink(temporary_.c_str());
        throw_errno("write", path_, why);
    }
    sync_folder(folder_of(path_));
}

void write_file_atomically(const std::string& path, std::span<const std::byte> bytes) {
    AtomicFile file(path);
    file.write(bytes);
    file.commit();
}

void write_file_atomically(const std::string& path, std::string_view text) {
    write_file_atomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

void sync_folder(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) throw_errno("sync the folder", path, errno);
    const int synced = ::fsync(fd);
    const int error_number = errno;
    ::close(fd);
    // EINVAL and ENOTSUP: this file system has no such thing.
    if (synced != 0 && error_number != EINVAL && error_number != ENOTSUP)
        throw_errno("sync the folder", path, error_number);
}

}  // namespace yolodata
