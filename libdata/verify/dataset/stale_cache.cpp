// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <string>

#include "../dataset_facts.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"

namespace yolodata {

namespace {

std::string folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

// Ultralytics replaces the last suffix, of a folder's name too.
std::string with_suffix(const std::string& path, const std::string& suffix) {
    const auto slash = path.rfind('/'), dot = path.rfind('.');
    const std::size_t name = slash == std::string::npos ? 0 : slash + 1;
    return (dot == std::string::npos || dot <= name ? path : path.substr(0, dot)) + suffix;
}

void add(const std::string& path, const std::string& what, std::vector<Finding>& findings) {
    findings.push_back(make_finding("dataset/stale-cache", path, "is older than " + what));
}

}  // namespace

// labels/train.cache stands for a folder of labels and its images, a.npy for the image a.*. None is
// ever opened.
void rule_stale_cache(const DatasetFacts& facts, std::vector<Finding>& findings) {
    const Folder root(facts.dataset.root);
    std::map<std::string, std::int64_t> newest;  // by label folder
    std::map<std::string, std::int64_t> arrays;  // times of *.npy
    for (const std::string& path : facts.dataset.cache_files)
        if (path.ends_with(".npy"))
            if (const ReadResult status = root.status(path)) arrays[path] = status.mtime_ns;
    for (std::size_t i = 0; i < facts.pairs.size(); ++i) {
        const ImageRef& image = facts.dataset.images[i];
        const PairFacts& pair = facts.pairs[i];
        std::int64_t& time = newest[folder_of(image.label_path)];
        time = std::max({time, pair.image.mtime_ns, pair.label.mtime_ns});
        if (arrays.empty()) continue;
        const auto array = arrays.find(with_suffix(image.path, ".npy"));
        if (array != arrays.end() && array->second < pair.image.mtime_ns)
            add(array->first, "the image that it stands for", findings);
    }
    for (const auto& [folder, time] : newest) {
        const std::string cache = with_suffix(folder, ".cache");
        const ReadResult status = root.status(cache);
        if (!folder.empty() && status && status.mtime_ns < time)
            add(cache, "a label or image that it stands for", findings);
    }
}

}  // namespace yolodata
