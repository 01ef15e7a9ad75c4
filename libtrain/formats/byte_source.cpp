// SPDX-License-Identifier: Apache-2.0
#include "byte_source.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "yolodata/core/error.hpp"

namespace yolotrain::formats {

using yolodata::Error;
using yolodata::ErrorKind;

FileSource::FileSource(const std::string& path) : path_(path) {
    fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd_ < 0) yolodata::throw_errno("open", path, errno);
    struct stat status {};
    if (::fstat(fd_, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(fd_);
        throw Error(ErrorKind::io, "cannot read " + path + ": it is no regular file");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
}

FileSource::~FileSource() {
    ::close(fd_);
}

void FileSource::read(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
        const auto n = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) yolodata::throw_errno("read", path_, errno);
        if (n == 0) {
            throw Error(ErrorKind::corrupt, path_ + ": it became shorter while it was read");
        }
        out = out.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

void MemorySource::read(std::uint64_t offset, std::span<std::byte> out) const {
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
}

}  // namespace yolotrain::formats
