// SPDX-License-Identifier: Apache-2.0
#include "place.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/filesystem.hpp>
#include <cerrno>
#include <system_error>

#include "core/paths.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

Place::Place(const std::string& root) : root_(root), real_root_(real_path(root).value_or(root)) {}

std::string Place::obstacle(const std::string& path) const {
    if (path.starts_with('/')) return "lies outside the dataset's folder; mend it where it lies";
    const auto folder = real_path(parent_of(absolute(path)));
    if (!folder || !status_of(absolute(path))) return "nothing is there";
    if (*folder != real_root_ && !folder->starts_with(real_root_ + "/"))
        return "a link on the way to it leads outside the dataset's folder; mend it where it lies";
    return {};
}

std::string Place::move_obstacle(const std::string& path) const {
    if (std::string why = obstacle(path); !why.empty()) return why;
    const auto st = status_of(absolute(path));
    boost::system::error_code error;
    if (st && S_ISDIR(st->st_mode) && !boost::filesystem::is_empty(absolute(path), error))
        return "is a folder with files in it; which stay; move it by hand";
    return {};
}

std::string Place::rewrite_obstacle(const std::string& path) const {
    if (std::string why = obstacle(path); !why.empty()) return why;
    const auto st = status_of(absolute(path));
    if (!st) return "nothing is there";
    if (S_ISLNK(st->st_mode))
        return "is a symbolic link, which is never written through; mend its target, or put a copy "
               "in its place";
    return S_ISREG(st->st_mode) ? "" : "is no regular file";
}

std::optional<struct stat> status_of(const std::string& path) {
    struct stat st;
    if (::lstat(path.c_str(), &st) != 0) return std::nullopt;
    return st;
}

std::int64_t mtime_of(const struct stat& st) {
    return std::int64_t{st.st_mtim.tv_sec} * 1'000'000'000 + st.st_mtim.tv_nsec;
}

std::optional<Sha256Digest> digest_of_file(const std::string& path) {
    const auto st = status_of(path);
    if (!st || !S_ISREG(st->st_mode)) return std::nullopt;
    Sha256 hash;
    const ReadResult result =
        Folder("/").stream(path, [&hash](std::span<const std::byte> piece) { hash.update(piece); });
    if (!result || result.shrank) return std::nullopt;
    return hash.finish();
}

void require_writable_folder(const std::string& folder) {
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return;
    throw Error(ErrorKind::io,
                fmt::format("cannot write into {}: {}; nothing was changed. --out DIR writes a "
                            "repaired copy elsewhere",
                            printable(folder), std::generic_category().message(errno)));
}

}  // namespace yolodata
