// SPDX-License-Identifier: Apache-2.0
#include "file_ops.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "core/paths.hpp"
#include "place.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

/// A descriptor that is closed, or the failure to open it.
class File {
 public:
    File(const std::string& path, int flags, mode_t mode = 0)
        : path_(path), fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode)) {
        if (fd_ < 0) throw_errno((flags & O_CREAT) != 0 ? "write" : "open", path, errno);
    }
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    void write(std::span<const std::byte> bytes) {
        while (!bytes.empty()) {
            const ssize_t put = ::write(fd_, bytes.data(), bytes.size());
            if (put < 0 && errno == EINTR) continue;
            if (put < 0) throw_errno("write", path_, errno);
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
    }
    std::span<std::byte> read(std::span<std::byte> into) {
        ssize_t got;
        do {
            got = ::read(fd_, into.data(), into.size());
        } while (got < 0 && errno == EINTR);
        if (got < 0) throw_errno("read", path_, errno);
        return into.first(static_cast<std::size_t>(got));
    }
    void sync() {
        if (::fsync(fd_) != 0) throw_errno("write", path_, errno);
    }
    // Owner and group as far as this user may set them; set-id bits only with the owner.
    void dress_like(const struct stat& like) {
        const bool owned = ::fchown(fd_, like.st_uid, like.st_gid) == 0;
        const mode_t mode = like.st_mode & (owned ? 07777 : 0777);
        if (::fchmod(fd_, mode) != 0) throw_errno("set the permissions of", path_, errno);
    }
    void set_times(const struct stat& like) {
        const struct timespec times[2] = {like.st_atim, like.st_mtim};
        if (::futimens(fd_, times) != 0) throw_errno("set the time of", path_, errno);
    }

 private:
    const std::string& path_;
    int fd_;
};

void sync_parents(const std::string& a, const std::string& b) {
    sync_folder(parent_of(a));
    if (parent_of(a) != parent_of(b)) sync_folder(parent_of(b));
}

void copy_link(const std::string& from, const std::string& to, const struct stat& like) {
    std::array<char, PATH_MAX> target{};
    const ssize_t n = ::readlink(from.c_str(), target.data(), target.size() - 1);
    if (n < 0) throw_errno("read the link", from, errno);
    if (::symlink(target.data(), to.c_str()) != 0) throw_errno("write", to, errno);
    set_mtime(to, mtime_of(like));
}

void copy_entry(const std::string& from, const std::string& to) {
    const auto st = status_of(from);
    if (!st) throw_errno("open", from, ENOENT);
    if (S_ISLNK(st->st_mode)) return copy_link(from, to, *st);
    if (!S_ISREG(st->st_mode))
        throw Error(ErrorKind::unsupported,
                    fmt::format("{} is no file, and cannot be moved to another file system",
                                printable(from)));
    File in(from, O_RDONLY);
    File out(to, O_WRONLY | O_CREAT | O_EXCL, 0600);
    std::array<std::byte, 1 << 16> piece;
    for (std::span<std::byte> got; !(got = in.read(piece)).empty();) out.write(got);
    out.dress_like(*st);
    out.set_times(*st);
    out.sync();
}

}  // namespace

void make_folders(const std::string& path) {
    if (::mkdir(path.c_str(), 0777) == 0) return sync_folder(parent_of(path));
    if (errno == EEXIST && is_folder(path)) return;
    if (errno != ENOENT || path == "/" || path == ".")
        throw_errno("make the folder", path, errno == EEXIST ? ENOTDIR : errno);
    make_folders(parent_of(path));
    if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST)
        throw_errno("make the folder", path, errno);
    sync_folder(parent_of(path));
}

void remove_empty_parents(std::string folder, const std::string& top) {
    while (folder.size() > top.size() && ::rmdir(folder.c_str()) == 0) folder = parent_of(folder);
}

void link_or_copy(const std::string& from, const std::string& to) {
    if (::link(from.c_str(), to.c_str()) == 0) return;
    switch (errno) {
        case EXDEV:
        case EPERM:  // another's file, or a file system without links
        case EMLINK:
        case ENOTSUP:
            return copy_entry(from, to);
        default:
            throw_errno("write", to, errno);
    }
}

void keep_old(const std::string& from, const std::string& to) {
    link_or_copy(from, to);
    sync_folder(parent_of(to));
}

void write_new(const std::string& temporary, std::span<const std::byte> content,
               const struct stat& like) {
    try {
        File out(temporary, O_WRONLY | O_CREAT | O_EXCL, 0600);
        out.write(content);
        out.dress_like(like);
        out.sync();
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
}

void put_in_place(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) throw_errno("write", to, errno);
    sync_parents(to, from);
}

void move_entry(const std::string& from, const std::string& to, const std::string& temporary,
                bool replace) {
    const unsigned flags = replace ? 0 : RENAME_NOREPLACE;
    int failed = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) == 0 ? 0 : errno;
    if (failed == EINVAL && !replace) {  // a file system without the flag
        failed = status_of(to) ? EEXIST : ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
    }
    if (failed == EEXIST)
        throw Error(ErrorKind::forbidden_state, fmt::format("{} is there already", printable(to)));
    if (failed == 0) return sync_parents(to, from);
    if (failed != EXDEV) throw_errno("move to " + printable(to) + " the file", from, failed);
    if (!replace && status_of(to))
        throw Error(ErrorKind::forbidden_state, fmt::format("{} is there already", printable(to)));
    ::unlink(temporary.c_str());
    try {
        copy_entry(from, temporary);
        put_in_place(temporary, to);
    } catch (...) {
        ::unlink(temporary.c_str());
        throw;
    }
    if (::unlink(from.c_str()) != 0) throw_errno("remove", from, errno);
    sync_folder(parent_of(from));
}

void set_mtime(const std::string& path, std::int64_t mtime_ns) {
    const struct timespec times[2] = {{0, UTIME_OMIT},
                                      {mtime_ns / 1'000'000'000, mtime_ns % 1'000'000'000}};
    if (::utimensat(AT_FDCWD, path.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0)
        throw_errno("set the time of", path, errno);
}

}  // namespace yolodata
