// SPDX-License-Identifier: Apache-2.0
#include "upkeep/set_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolodata/upkeep/check.hpp"

namespace yolodata::shard {

namespace fs = std::filesystem;

SetFiles list_set_files(const std::string& dir) {
    SetFiles files;
    std::error_code error;
    for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error)) {
        const std::string name = at->path().filename().string();
        // The names of core's AtomicFile and of Staging.
        if (name == ".pack-tmp" || name == ".pack.lock" ||
            (name[0] == '.' && name.find(".tmp-") != std::string::npos))
            files.unfinished.push_back(name);
        else if (name[0] != '.' && name.ends_with(".yds"))
            files.shards.push_back(name);
    }
    if (error) throw_errno("list", dir, error.value());
    // The diaries of pack: of the set, and of the pictures that its variants are made from.
    for (const char* journal : {"/.pack-tmp/journal.json", "/.pack-tmp/plain/journal.json"})
        files.resumable |= fs::is_regular_file(dir + journal, error);
    std::sort(files.shards.begin(), files.shards.end());
    std::sort(files.unfinished.begin(), files.unfinished.end());
    return files;
}

bool is_shard_path(const std::string& path) {
    std::error_code ignored;
    if (!fs::is_directory(path, ignored)) return path.ends_with(".yds");
    if (fs::exists(path + "/data.yaml", ignored)) return false;
    // Datasets have files of that name, too; ours names its schema near its start.
    constexpr std::size_t start = 4096;
    std::string text(start, '\0');
    std::ifstream(path + "/" + index_file, std::ios::binary).read(text.data(), start);
    if (text.find("\"yolodata.index/") != std::string::npos) return true;
    try {
        return !list_set_files(path).shards.empty();
    } catch (const Error&) {
        return false;
    }
}

}  // namespace yolodata::shard
