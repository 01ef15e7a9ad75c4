// SPDX-License-Identifier: Apache-2.0
#include "split_files.hpp"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <system_error>

#include "folder_entries.hpp"
#include "paths.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/label.hpp"

namespace yolodata {

namespace {

constexpr std::uint64_t max_list_bytes = std::uint64_t{1} << 30;

bool is_pattern(std::string_view text) {
    return text.find_first_of("*?[") != std::string_view::npos;
}

// The entries of a folder that are not hidden. An error ends the list and is returned.
std::string list_folder(const std::string& folder, std::vector<FolderEntry>& entries) {
    const int error = read_folder(folder, entries);
    std::erase_if(entries, [](const FolderEntry& entry) { return is_hidden(entry.name); });
    return error == 0 ? std::string() : std::generic_category().message(error);
}

std::string_view trimmed(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

}  // namespace

bool SplitFinder::enter(const std::string& folder) {
    struct stat st;
    if (::stat(folder.c_str(), &st) != 0) return true;  // listing it will say why
    return entered_.emplace(st.st_dev, st.st_ino).second;
}

void SplitFinder::add_place(const std::string& place) {
    std::string path = join_path(root_, place);
    if (!exists(path) && place.starts_with("../")) {
        // Exports of some labelling services write ../train/images for a folder beside data.yaml.
        const std::string inside = join_path(root_, place.substr(3));
        if (exists(inside)) path = inside;
    }
    if (!exists(path)) {
        if (is_pattern(place)) {
            add_glob(path);
        } else {
            out_.missing.push_back(place);
        }
        return;
    }
    // Ultralytics resolves what data.yaml names, so a label is looked for beside the real folder.
    path = real_path(path).value_or(path);
    if (is_folder(path)) {
        add_folder(path);
    } else if (has_image_suffix(path)) {
        out_.images.push_back({path, 0});
    } else {
        add_list(path);
    }
}

void SplitFinder::add_folder(const std::string& folder) {
    out_.roots.push_back(folder);
    // Real folders first: what can be reached without a link is named by its own path.
    std::vector<std::string> linked;
    walk(folder, linked);
    while (!linked.empty()) {
        std::vector<std::string> now;
        now.swap(linked);
        std::sort(now.begin(), now.end());
        for (const std::string& link : now) walk(link, linked);
    }
}

void SplitFinder::walk(const std::string& top, std::vector<std::string>& linked) {
    std::vector<std::string> todo{top};
    while (!todo.empty()) {
        const std::string folder = std::move(todo.back());
        todo.pop_back();
        if (!enter(folder)) continue;
        out_.folders.push_back(folder);
        std::vector<FolderEntry> entries;
        if (const std::string error = list_folder(folder, entries); !error.empty())
            out_.unreadable.push_back({folder, "cannot be listed: " + error});
        for (const FolderEntry& entry : entries) {
            const std::string path = join_path(folder, entry.name);
            if (has_image_suffix(entry.name)) {
                out_.images.push_back({path, 0});
            } else if (!entry.folder) {
                out_.others.push_back(path);
            }
            if (entry.folder) (entry.link ? linked : todo).push_back(path);
        }
    }
}

std::string SplitFinder::resolve_line(const std::string& list, const std::string& line) const {
    const std::string folder = parent_of(list);
    if (line.starts_with('/')) return join_path("/", line);
    if (line.starts_with("./")) return join_path(folder, line);
    for (const std::string& from : {root_, folder, working_directory()}) {
        const std::string path = join_path(from, line);
        if (exists(path)) return path;
    }
    return join_path(root_, line);
}

void SplitFinder::add_list(const std::string& list) {
    std::vector<std::byte> bytes;
    const ReadResult result = Folder("/").read(list, bytes, max_list_bytes);
    if (!result) {
        out_.unreadable.push_back({list, result.reason()});
        return;
    }
    out_.lists.push_back(list);
    std::string_view rest(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (rest.starts_with(utf8_bom)) rest.remove_prefix(utf8_bom.size());
    bool implicit = false;
    for (std::uint32_t number = 1; !rest.empty(); ++number) {
        const auto end = std::min(rest.find_first_of("\r\n"), rest.size());
        const std::string line(trimmed(rest.substr(0, end)));
        rest.remove_prefix(end);
        if (!rest.empty()) rest.remove_prefix(rest.starts_with("\r\n") ? 2 : 1);
        if (line.empty() || !has_image_suffix(line)) continue;
        if (!implicit && !line.starts_with('/') && !line.starts_with("./")) {
            out_.implicit_lines.push_back({list, number});
            implicit = true;
        }
        std::string path = resolve_line(list, line);
        if (path.find("/../") != std::string::npos)
            if (const auto folder = real_path(parent_of(path)))
                path = join_path(*folder, file_name_of(path));
        out_.images.push_back({std::move(path), static_cast<std::uint32_t>(out_.lists.size())});
    }
}

void SplitFinder::add_glob(const std::string& pattern) {
    std::vector<std::string> parts;
    for (std::size_t begin = 1; begin <= pattern.size();) {
        const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
        parts.push_back(pattern.substr(begin, end - begin));
        begin = end + 1;
    }
    std::set<std::string> matches;
    expand("/", parts, 0, matches);
    bool any = false;
    for (const std::string& match : matches) {
        if (is_folder(match)) {
            add_folder(match);
            any = true;
        } else if (has_image_suffix(match)) {
            out_.images.push_back({match, 0});
            any = true;
        }
    }
    (any ? out_.globs : out_.missing).push_back(relative_to(root_, pattern));
}

void SplitFinder::expand(const std::string& folder, const std::vector<std::string>& parts,
                         std::size_t at, std::set<std::string>& matches) {
    if (at == parts.size()) {
        matches.insert(folder);
        return;
    }
    const std::string& part = parts[at];
    if (!is_pattern(part)) {
        const std::string path = join_path(folder, part);
        if (exists(path)) expand(path, parts, at + 1, matches);
        return;
    }
    const bool any_depth = part == "**";
    if (any_depth) expand(folder, parts, at + 1, matches);
    std::vector<FolderEntry> entries;
    list_folder(folder, entries);
    for (const FolderEntry& entry : entries) {
        const std::string path = join_path(folder, entry.name);
        if (any_depth) {
            // Links are not followed here: ** would never end in a loop of them.
            if (entry.folder && !entry.link) expand(path, parts, at, matches);
        } else if (::fnmatch(part.c_str(), entry.name.c_str(), FNM_PERIOD) == 0) {
            if (at + 1 == parts.size() || entry.folder) expand(path, parts, at + 1, matches);
        }
    }
}

}  // namespace yolodata
