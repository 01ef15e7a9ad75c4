// SPDX-License-Identifier: Apache-2.0
#include "list_edit.hpp"

#include <algorithm>
#include <string_view>

#include "core/paths.hpp"
#include "yolodata/core/label.hpp"

namespace yolodata {

namespace {

std::string_view trimmed(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(" \t") - first + 1);
}

// As a split's list is read: from the list's folder, else the first of root, folder, working
// directory where something is.
std::string resolve(const Dataset& dataset, const std::string& list, const std::string& line) {
    const std::string folder = parent_of(dataset.absolute(list));
    std::string path = join_path(dataset.root, line);
    if (line.starts_with("./")) {
        path = join_path(folder, line);
    } else if (!line.starts_with('/')) {
        for (const std::string& from : {dataset.root, folder, working_directory()})
            if (exists(join_path(from, line))) {
                path = join_path(from, line);
                break;
            }
    }
    if (path.find("/../") != std::string::npos)
        if (const auto real = real_path(parent_of(path)))
            path = join_path(*real, file_name_of(path));
    return relative_to(dataset.root, path);
}

}  // namespace

std::vector<DroppedLine> lines_naming(std::span<const std::byte> content, const Dataset& dataset,
                                      const std::string& list, const std::set<std::string>& gone) {
    std::vector<DroppedLine> dropped;
    const std::string_view text(reinterpret_cast<const char*>(content.data()), content.size());
    std::size_t at = text.starts_with(utf8_bom) ? utf8_bom.size() : 0;
    for (std::uint32_t number = 1; at < text.size(); ++number) {
        const std::size_t end = std::min(text.find_first_of("\r\n", at), text.size());
        const std::size_t next =
            end == text.size() ? end : end + (text.substr(end).starts_with("\r\n") ? 2 : 1);
        const std::string line(trimmed(text.substr(at, end - at)));
        if (!line.empty() && has_image_suffix(line))
            if (std::string path = resolve(dataset, list, line); gone.contains(path))
                dropped.push_back({{at, next - at, ""}, number, std::move(path)});
        at = next;
    }
    return dropped;
}

}  // namespace yolodata
