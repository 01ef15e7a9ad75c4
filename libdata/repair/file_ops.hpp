// SPDX-License-Identifier: Apache-2.0
// Single steps on files, each durable on return. All throw Error(io | resource | not_found) with
// the path. Nothing here follows a symbolic link at the end of a path.
#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace yolodata {

/// mkdir -p.
void make_folders(const std::string& path);
/// Removes the folder and its parents, as long as they are empty, up to but without `top`.
void remove_empty_parents(std::string folder, const std::string& top);

/// Gives `from` a second name; where that cannot be, a copy with mode and time. `to` must not be.
void keep_old(const std::string& from, const std::string& to);

/// A hard link or, where that cannot be, a copy with mode and time. Not synced.
void link_or_copy(const std::string& from, const std::string& to);

/// Writes the content under `temporary`, with the owner and mode of `like`.
void write_new(const std::string& temporary, std::span<const std::byte> content,
               const struct stat& like);

/// Renames, also onto something; the old folder and the new one are synced.
void put_in_place(const std::string& from, const std::string& to);

/// Moves a file or link, also between file systems, there by way of `temporary` beside `to`.
/// Replaces `to` only if `replace`; else throws Error(forbidden_state) if something is there.
void move_entry(const std::string& from, const std::string& to, const std::string& temporary,
                bool replace);

void set_mtime(const std::string& path, std::int64_t mtime_ns);

}  // namespace yolodata
