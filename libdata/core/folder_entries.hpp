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
/// that no file is looked at where the file system tells them. Returns the error number that ended
/// the list, 0 if nothing did; the entries before it stand.
int read_folder(const std::string& path, std::vector<FolderEntry>& entries);

}  // namespace yolodata
