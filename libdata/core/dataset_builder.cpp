// SPDX-License-Identifier: Apache-2.0
#include "dataset_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "label_folders.hpp"
#include "paths.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {
namespace {

// Is there a label for `path` that is not the one for `other`?
bool has_own_label(const std::string& path, const std::string& other) {
    const auto label = real_path(label_path_of(path));
    return label && label != real_path(label_path_of(other));
}

}  // namespace

void DatasetBuilder::add_split(const std::string& name, SplitFiles files) {
    dataset_.splits.push_back({name, {}});
    report(name, files);
    places_.push_back(std::move(files));
}

void DatasetBuilder::finish() {
    name_files_once();
    number_lists();
    number_images();
    for (std::size_t s = 0; s < places_.size(); ++s) fill_split(s);
    look_for_labels(dataset_, places_);
    look_beside_images(dataset_, places_);
}

void DatasetBuilder::report(const std::string& split, const SplitFiles& files) {
    const std::string config = dataset_.config.empty() ? "." : dataset_.config;
    for (const std::string& place : files.missing) {
        Finding& finding =
            add("dataset/split-missing", config,
                fmt::format("{}: {} does not exist", split, printable(place)), split);
        if (split == "test") finding.verdict = Verdict::never_sees;
        finding.related = {relative_to(dataset_.root, join_path(dataset_.root, place))};
    }
    for (const std::string& glob : files.globs)
        add("dataset/not-portable", config,
            fmt::format("{}: {} is a pattern, which Ultralytics does not expand", split,
                        printable(glob)),
            split);
    for (const auto& [list, line] : files.implicit_lines)
        add("dataset/not-portable", relative_to(dataset_.root, list),
            "a relative line that does not begin with ./ is taken from the working directory by "
            "Ultralytics",
            split)
            .line = line;
    for (const auto& [path, reason] : files.unreadable)
        add("image/unreadable", relative_to(dataset_.root, path), printable(reason), split).fix =
            Fix::none;
    if (files.images.empty() && files.missing.empty())
        add("dataset/split-empty", config, fmt::format("the split {} has no image", split), split);
}

Finding& DatasetBuilder::add(std::string_view rule, std::string path, std::string message,
                             const std::string& split) {
    dataset_.findings.push_back(make_finding(rule, std::move(path), std::move(message)));
    dataset_.findings.back().split = split;
    return dataset_.findings.back();
}

// A file that one split reaches over a link to a folder and another directly is one file, under the
// path without a link. Two files they stay where each path has a label of its own.
void DatasetBuilder::name_files_once() {
    std::unordered_map<std::string, std::string> real_folders;
    const auto real_folder = [&real_folders](const std::string& folder) -> const std::string& {
        const auto [at, is_new] = real_folders.try_emplace(folder);
        if (is_new) at->second = real_path(folder).value_or(folder);
        return at->second;
    };
    std::map<std::string, std::string> linked;  // paths over links, and the files' own
    for (const SplitFiles& files : places_)
        for (const FoundImage& image : files.images) {
            const std::string folder = parent_of(image.path);
            const std::string& real = real_folder(folder);
            if (real != folder)
                linked.emplace(image.path, join_path(real, file_name_of(image.path)));
        }
    if (linked.empty()) return;
    std::set<std::string> direct;
    for (const SplitFiles& files : places_)
        for (const FoundImage& image : files.images)
            if (!linked.contains(image.path)) direct.insert(image.path);
    std::unordered_map<std::string, std::string> chosen;
    for (auto& [path, own] : linked) {
        const std::string& name =
            direct.contains(own) ? own : chosen.try_emplace(own, path).first->second;
        own = has_own_label(path, name) ? path : name;
    }
    for (SplitFiles& files : places_)
        for (FoundImage& image : files.images)
            if (const auto at = linked.find(image.path); at != linked.end())
                image.path = at->second;
}

void DatasetBuilder::number_lists() {
    std::vector<std::string>& lists = dataset_.list_files;
    for (const SplitFiles& files : places_)
        for (const std::string& list : files.lists)
            lists.push_back(relative_to(dataset_.root, list));
    std::sort(lists.begin(), lists.end());
    lists.erase(std::unique(lists.begin(), lists.end()), lists.end());
}

void DatasetBuilder::number_images() {
    std::vector<std::string> paths;
    for (const SplitFiles& files : places_)
        for (const FoundImage& image : files.images)
            paths.push_back(relative_to(dataset_.root, image.path));
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    dataset_.images.reserve(paths.size());
    for (std::string& path : paths) {
        ImageRef image;
        image.label_path = relative_to(dataset_.root, label_path_of(dataset_.absolute(path)));
        image.path = std::move(path);
        dataset_.images.push_back(std::move(image));
    }
}

ImageRef& DatasetBuilder::image_at(const std::string& path) {
    return *std::lower_bound(
        dataset_.images.begin(), dataset_.images.end(), path,
        [](const ImageRef& image, const std::string& wanted) { return image.path < wanted; });
}

void DatasetBuilder::fill_split(std::size_t s) {
    Split& split = dataset_.splits[s];
    for (const FoundImage& found : places_[s].images) {
        ImageRef& image = image_at(relative_to(dataset_.root, found.path));
        if ((image.splits & (1U << s)) == 0)
            split.images.push_back(static_cast<std::uint32_t>(&image - dataset_.images.data()));
        image.splits |= 1U << s;
        if (found.list != 0 && image.list == 0)
            image.list = list_number(relative_to(dataset_.root, places_[s].lists[found.list - 1]));
    }
    std::sort(split.images.begin(), split.images.end());
}

std::uint32_t DatasetBuilder::list_number(const std::string& list) const {
    const auto at = std::lower_bound(dataset_.list_files.begin(), dataset_.list_files.end(), list);
    return static_cast<std::uint32_t>(at - dataset_.list_files.begin()) + 1;
}

}  // namespace yolodata
