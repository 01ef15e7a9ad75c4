// SPDX-License-Identifier: Apache-2.0
// Paths as byte strings: a name need not be UTF-8, and nothing here resolves symbolic links unless
// it says so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace yolodata {

/// place, or folder/place if place is relative; empty and "." components and doubled slashes are
/// removed,
/// ".." is kept (across a symbolic link it is not the textual parent).
std::string join_path(const std::string& folder, const std::string& place);
std::string parent_of(const std::string& path);  ///< "/" for "/a", "." for "a"
std::string file_name_of(const std::string& path);
/// Relative to root with forward slashes if it lies below it, else as it is; "." for the root
/// itself.
std::string relative_to(const std::string& root, const std::string& absolute);
/// All links and ".." resolved; nullopt if it does not exist or cannot be looked at.
std::optional<std::string> real_path(const std::string& path);
std::string working_directory();

bool exists(const std::string& path);     ///< links followed
bool is_folder(const std::string& path);  ///< links followed

/// The suffixes that Ultralytics lists as images, in any case.
bool has_image_suffix(std::string_view name);
bool is_hidden(std::string_view name);  ///< begins with a dot: passed over, as Python's glob does

}  // namespace yolodata
