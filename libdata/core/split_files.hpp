// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace yolodata {

/// An image that a split names, whether it is there or not.
struct FoundImage {
    std::string path;        ///< absolute
    std::uint32_t list = 0;  ///< SplitFiles::lists[list − 1] names it; 0 = found in a folder
};

/// Everything that the places of one split lead to.
struct SplitFiles {
    std::vector<FoundImage> images;    ///< in the order found; an image may stand twice
    std::vector<std::string> folders;  ///< image folders that were listed, absolute
    std::vector<std::string> roots;    ///< the folders that the split names, absolute
    std::vector<std::string> others;   ///< other files in those folders, absolute
    std::vector<std::string> lists;    ///< list files, absolute
    std::vector<std::string> missing;  ///< places, as written, that lead nowhere
    std::vector<std::string> globs;    ///< places that were taken as patterns
    struct Unreadable {
        std::string path, reason;
    };
    std::vector<Unreadable> unreadable;  ///< folders and list files that cannot be read
    struct ImplicitLine {
        std::string list;
        std::uint32_t line;
    };
    std::vector<ImplicitLine>
        implicit_lines;  ///< first line of a list that is relative without "./"
};

/// Finds the images of one split. Hidden names are passed over; symbolic links are followed, each
/// folder is entered once, so that loops end.
class SplitFinder {
 public:
    SplitFinder(std::string root, SplitFiles& out) : root_(std::move(root)), out_(out) {}
    /// A folder, list file or glob as data.yaml writes it.
    void add_place(const std::string& place);
    /// A folder with all below it.
    void add_folder(const std::string& folder);

 private:
    void walk(const std::string& folder, std::vector<std::string>& linked);
    void add_list(const std::string& list);
    void add_glob(const std::string& pattern);
    void expand(const std::string& folder, const std::vector<std::string>& parts, std::size_t at,
                std::set<std::string>& matches);
    std::string resolve_line(const std::string& list, const std::string& line) const;
    bool enter(const std::string& folder);

    std::string root_;
    SplitFiles& out_;
    std::set<std::pair<std::uint64_t, std::uint64_t>>
        entered_;  ///< device and inode of each folder
};

}  // namespace yolodata
