// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace yolodata {

struct FolderEntry {
    std::string name;     ///< raw bytes
    bool folder = false;  ///< itself, or the target of a link
    bool link = false;
};

/// What lies in a folder, hidden entries too, sorted by name. Kinds come from the folder itself, so
/// that no file is looked at where the file system tells them. Returns what ended the list, empty
/// if nothing did; the entries before it stand.
std::string read_folder(const std::string& path, std::vector<FolderEntry>& entries);

}  // namespace yolodata
