// SPDX-License-Identifier: Apache-2.0
#include "folder_entries.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace yolodata {

namespace {

bool is_folder_at(int folder, const char* name, int flags) {
    struct stat st;
    return ::fstatat(folder, name, &st, flags) == 0 && S_ISDIR(st.st_mode);
}

bool is_link_at(int folder, const char* name) {
    struct stat st;
    return ::fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

FolderEntry entry_of(int folder, const dirent& found) {
    FolderEntry entry{found.d_name};
    entry.link =
        found.d_type == DT_LNK || (found.d_type == DT_UNKNOWN && is_link_at(folder, found.d_name));
    const bool told = found.d_type != DT_UNKNOWN && !entry.link;
    entry.folder = told ? found.d_type == DT_DIR : is_folder_at(folder, found.d_name, 0);
    return entry;
}

}  // namespace

int read_folder(const std::string& path, std::vector<FolderEntry>& entries) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), &::closedir);
    if (!folder) return errno;
    int error_number = 0;
    for (;;) {
        errno = 0;
        const dirent* found = ::readdir(folder.get());
        if (found == nullptr) {
            error_number = errno;
            break;
        }
        const std::string_view name = found->d_name;
        if (name != "." && name != "..") entries.push_back(entry_of(::dirfd(folder.get()), *found));
    }
    std::sort(entries.begin(), entries.end(),
              [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
    return error_number;
}

}  // namespace yolodata
