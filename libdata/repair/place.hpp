// SPDX-License-Identifier: Apache-2.0
// Where a file lies, and whether it may be changed there.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/core/sha256.hpp"

namespace yolodata {

/// The tree that is changed. Paths are relative to it; nothing outside is ever touched.
class Place {
 public:
    explicit Place(const std::string& root);

    /// Why the entry at `path` may not be changed: it lies outside, or a link on the way to it
    /// leads outside, or nothing is there. Empty: it may be moved.
    std::string obstacle(const std::string& path) const;
    /// The same for moving it out: a folder must be empty.
    std::string move_obstacle(const std::string& path) const;
    /// The same for writing a new content: it must be a regular file, no link.
    std::string rewrite_obstacle(const std::string& path) const;

    std::string absolute(const std::string& path) const { return root_ + "/" + path; }
    const std::string& root() const { return root_; }

 private:
    std::string root_, real_root_;
};

/// lstat; nullopt: nothing is there.
std::optional<struct stat> status_of(const std::string& path);
std::int64_t mtime_of(const struct stat& st);  ///< nanoseconds since 1970

/// SHA-256 of a regular file; nullopt for anything else and for what cannot be read.
std::optional<Sha256Digest> digest_of_file(const std::string& path);

/// Throws Error(io), with the remedy, unless entries of the folder may be made and removed.
void require_writable_folder(const std::string& folder);

}  // namespace yolodata
