// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "label_folders.hpp"
#include "paths.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::size_t max_related = 100;  // paths that one finding names

/// An image folder: what stands in it besides images, and its images by stem.
struct ImageFolder {
    std::set<std::string> others;                      ///< names
    std::multimap<std::string, std::uint32_t> images;  ///< filled where labels may lie astray
    std::optional<bool> wants_images;
};

class Look {
 public:
    Look(Dataset& dataset, const std::vector<SplitFiles>& places) : dataset_(dataset) {
        for (const SplitFiles& split : places) {
            lists_.insert(split.lists.begin(), split.lists.end());
            for (const std::string& path : split.others)
                folders_[parent_of(path)].others.insert(file_name_of(path));
        }
        for (std::uint32_t i = 0; i < dataset.images.size(); ++i) {
            const std::string path = dataset.absolute(dataset.images[i].path);
            ImageFolder& folder = folders_[parent_of(path)];
            if (!folder.wants_images) folder.wants_images = wants_images(parent_of(path), folder);
            if (*folder.wants_images) folder.images.emplace(stem_of(file_name_of(path)), i);
        }
    }

    void run() {
        for (auto& [path, folder] : folders_) {
            const std::string labels = label_folder_of(path);
            if (labels != path) {
                take_labels_beside(path, labels, folder);
            } else {
                look_in_labels_folders(path, folder);
            }
            for (const std::string& name : folder.others) sort_in(path, name, labels == path);
        }
        std::sort(dataset_.unlisted_files.begin(), dataset_.unlisted_files.end());
        std::sort(dataset_.cache_files.begin(), dataset_.cache_files.end());
    }

 private:
    static bool wants_images(const std::string& path, const ImageFolder& folder) {
        return label_folder_of(path) == path ||
               std::any_of(folder.others.begin(), folder.others.end(), is_label_name);
    }

    void report(const std::string& folder, std::vector<std::string> labels, std::string message) {
        Finding finding = make_finding("dataset/label-beside-image",
                                       relative_to(dataset_.root, folder), std::move(message));
        if (labels.size() > max_related) labels.resize(max_related);
        for (std::string& label : labels) label = relative_to(dataset_.root, label);
        finding.related = std::move(labels);
        dataset_.findings.push_back(std::move(finding));
    }

    void mark(const ImageFolder& folder, const std::string& stem) {
        const auto [from, to] = folder.images.equal_range(stem);
        for (auto at = from; at != to; ++at) dataset_.images[at->second].label_elsewhere = true;
    }

    // Labels beside their images, although they are looked for in a labels folder.
    void take_labels_beside(const std::string& path, const std::string& expected,
                            ImageFolder& folder) {
        std::vector<std::string> found;
        for (auto at = folder.others.begin(); at != folder.others.end();) {
            const std::string label = join_path(path, *at);
            if (is_label_name(*at) && folder.images.contains(stem_of(*at)) &&
                begins_with_number(label)) {
                found.push_back(label);
                mark(folder, stem_of(*at));
                at = folder.others.erase(at);
            } else {
                ++at;
            }
        }
        if (found.empty()) return;
        const std::size_t count = found.size();
        report(path, std::move(found),
               fmt::format("{} label files lie beside their images; they are looked for in {}",
                           count, printable(relative_to(dataset_.root, expected))));
    }

    // The reverse: labels are looked for beside the images, and lie in a labels folder nearby.
    void look_in_labels_folders(const std::string& path, const ImageFolder& folder) {
        const std::string above = parent_of(path);
        for (const std::string& labels :
             {join_path(path, "labels"), join_path(above, "labels/" + file_name_of(path)),
              join_path(above, "labels")}) {
            std::vector<std::string> found;
            for (const std::string& name : names_in(labels)) {
                const auto at = folder.images.find(stem_of(name));
                if (!is_label_name(name) || at == folder.images.end() ||
                    dataset_.images[at->second].has_label)
                    continue;
                found.push_back(join_path(labels, name));
                mark(folder, stem_of(name));
            }
            if (found.empty()) continue;
            const std::size_t count = found.size();
            report(path, std::move(found),
                   fmt::format("{} label files lie in {}; they are looked for beside the images, "
                               "whose folder is not below one named images",
                               count, printable(relative_to(dataset_.root, labels))));
            return;
        }
    }

    void sort_in(const std::string& folder, const std::string& name, bool labels_here) {
        const std::string path = join_path(folder, name);
        if (name == "classes.txt" || name == "notes.json" || lists_.contains(path)) return;
        // Here every text file was looked at already: label, orphan or something else.
        if (labels_here && name.ends_with(".txt")) return;
        const bool cache = name.ends_with(".npy") || name.ends_with(".cache");
        (cache ? dataset_.cache_files : dataset_.unlisted_files)
            .push_back(relative_to(dataset_.root, path));
    }

    Dataset& dataset_;
    std::set<std::string> lists_;
    std::map<std::string, ImageFolder> folders_;
};

}  // namespace

void look_beside_images(Dataset& dataset, const std::vector<SplitFiles>& places) {
    Look(dataset, places).run();
}

}  // namespace yolodata
