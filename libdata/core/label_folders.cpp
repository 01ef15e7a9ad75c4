// SPDX-License-Identifier: Apache-2.0
#include "label_folders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <system_error>

#include "folder_entries.hpp"
#include "paths.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/label.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

/// A folder where labels belong.
struct LabelFolder {
    std::vector<std::uint32_t> images;    ///< whose labels belong here
    std::set<std::string> image_folders;  ///< absolute folders whose images' labels belong here
};
using LabelFolders = std::map<std::string, LabelFolder>;  ///< by absolute path

// Folders below the label folder of a split that no image folder stands for: all their labels are
// orphans.
void add_folders_below(const std::string& top, LabelFolders& folders) {
    std::vector<std::string> todo{top};
    while (!todo.empty()) {
        const std::string folder = std::move(todo.back());
        todo.pop_back();
        std::vector<FolderEntry> entries;
        read_folder(folder, entries);
        for (const FolderEntry& entry : entries) {
            if (!entry.folder || entry.link || is_hidden(entry.name)) continue;
            todo.push_back(join_path(folder, entry.name));
            folders.try_emplace(todo.back());
        }
    }
}

LabelFolders collect_folders(const Dataset& dataset, const std::vector<SplitFiles>& places) {
    LabelFolders folders;
    for (std::uint32_t i = 0; i < dataset.images.size(); ++i) {
        const ImageRef& image = dataset.images[i];
        LabelFolder& folder = folders[parent_of(dataset.absolute(image.label_path))];
        folder.images.push_back(i);
        folder.image_folders.insert(parent_of(dataset.absolute(image.path)));
    }
    for (const SplitFiles& split : places) {
        for (const std::string& folder : split.folders)
            folders[label_folder_of(folder)].image_folders.insert(folder);
        for (const std::string& root : split.roots)
            if (const std::string top = label_folder_of(root); top != root)
                add_folders_below(top, folders);
    }
    return folders;
}

std::set<std::string> image_stems(const LabelFolder& folder) {
    std::set<std::string> stems;
    for (const std::string& image_folder : folder.image_folders)
        for (const std::string& name : names_in(image_folder))
            if (has_image_suffix(name)) stems.insert(stem_of(name));
    return stems;
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

// Names in a folder, sorted; returns the error number that ended the list.
int list_names(const std::string& folder, std::vector<std::string>& names) {
    std::vector<FolderEntry> entries;
    const int error = read_folder(folder, entries);
    names.reserve(entries.size());
    for (FolderEntry& entry : entries) names.push_back(std::move(entry.name));
    return error;
}

/// One label folder at work: what lies in it, and what no image has claimed yet.
class FolderLook {
 public:
    FolderLook(Dataset& dataset, const std::string& path, const LabelFolder& folder)
        : dataset_(dataset), path_(path), folder_(folder) {
        const int error = list_names(path, names_);
        if (error != 0 && error != ENOENT && error != ENOTDIR) report_unreadable(error);
    }

    void pair() {
        for (const std::uint32_t i : folder_.images) {
            ImageRef& image = dataset_.images[i];
            const std::string name = file_name_of(image.label_path);
            image.has_label = std::binary_search(names_.begin(), names_.end(), name);
            claimed_.insert(name);
        }
    }

    // A pair that a file system without case would see, and no trainer on this one does.
    void match_without_case() {
        std::multimap<std::string, std::string> unclaimed;
        for (const std::string& name : names_)
            if (!claimed_.contains(name)) unclaimed.emplace(lower_case(name), name);
        if (unclaimed.empty()) return;
        for (const std::uint32_t i : folder_.images) {
            ImageRef& image = dataset_.images[i];
            if (image.has_label) continue;
            const auto at = unclaimed.find(lower_case(file_name_of(image.label_path)));
            if (at == unclaimed.end()) continue;
            Finding finding = make_finding(
                "dataset/case-mismatch", image.path,
                fmt::format("its label would be {} but is named {}",
                            printable(file_name_of(image.label_path)), printable(at->second)));
            finding.image = image.path;
            finding.related = {relative_to(dataset_.root, join_path(path_, at->second))};
            dataset_.findings.push_back(std::move(finding));
            image.label_elsewhere = true;
            claimed_.insert(at->second);
            unclaimed.erase(at);
        }
    }

    void collect_orphans(const std::set<std::string>& lists) {
        std::vector<std::string> spare;
        for (const std::string& name : names_)
            if (is_label_name(name) && !claimed_.contains(name) &&
                !lists.contains(join_path(path_, name)))
                spare.push_back(name);
        if (spare.empty()) return;
        const std::set<std::string> stems = image_stems(folder_);
        const bool beside = folder_.image_folders.contains(path_);
        for (const std::string& name : spare) {
            const std::string label = join_path(path_, name);
            // The label of an image that no list names is no orphan.
            if (stems.contains(stem_of(name)) || (beside && !begins_with_number(label))) continue;
            dataset_.orphan_labels.push_back(relative_to(dataset_.root, label));
        }
    }

 private:
    // Else the labels would only seem to be missing, and every image to be a background.
    void report_unreadable(int error) {
        Finding finding = make_finding(
            "label/unreadable", relative_to(dataset_.root, path_),
            fmt::format("the folder cannot be listed: {}; the labels of {} images are not seen",
                        std::generic_category().message(error), folder_.images.size()));
        finding.fix = Fix::none;
        dataset_.findings.push_back(std::move(finding));
        for (const std::uint32_t i : folder_.images) dataset_.images[i].label_elsewhere = true;
    }

    Dataset& dataset_;
    const std::string& path_;
    const LabelFolder& folder_;
    std::vector<std::string> names_;
    std::set<std::string> claimed_;
};

}  // namespace

std::string label_folder_of(const std::string& image_folder) {
    return parent_of(label_path_of(join_path(image_folder, "x.jpg")));
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    list_names(folder, names);
    return names;
}

bool is_label_name(const std::string& name) {
    return name.ends_with(".txt") && !is_hidden(name) && name != "classes.txt";
}

std::string stem_of(const std::string& name) {
    return name.substr(0, name.rfind('.'));
}

bool begins_with_number(const std::string& path) {
    std::vector<std::byte> bytes;
    if (!Folder("/").read(path, bytes, std::uint64_t{16} << 20)) return false;
    LabelReader reader({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    LabelRow row;
    while (reader.next(row))
        if (!row.blank) return row.faults.empty() || row.faults.front().field > 0;
    return false;
}

void look_for_labels(Dataset& dataset, const std::vector<SplitFiles>& places) {
    std::set<std::string> lists;
    for (const SplitFiles& split : places) lists.insert(split.lists.begin(), split.lists.end());
    for (const auto& [path, folder] : collect_folders(dataset, places)) {
        FolderLook look(dataset, path, folder);
        look.pair();
        look.match_without_case();
        look.collect_orphans(lists);
    }
    std::sort(dataset.orphan_labels.begin(), dataset.orphan_labels.end());
}

}  // namespace yolodata
