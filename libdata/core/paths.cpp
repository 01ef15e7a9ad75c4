// SPDX-License-Identifier: Apache-2.0
#include "paths.hpp"

#include <algorithm>
#include <array>
#include <boost/filesystem.hpp>

namespace yolodata {

namespace fs = boost::filesystem;

std::string join_path(const std::string& folder, const std::string& place) {
    const std::string all = place.starts_with('/') ? place : folder + "/" + place;
    std::string joined;
    std::size_t begin = 0;
    while (begin < all.size()) {
        const std::size_t end = std::min(all.find('/', begin), all.size());
        const std::string_view part(all.data() + begin, end - begin);
        if (!part.empty() && part != ".") {
            if (!joined.empty() || all.front() == '/') joined += '/';
            joined += part;
        }
        begin = end + 1;
    }
    if (joined.empty()) return all.starts_with('/') ? "/" : ".";
    return joined;
}

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

std::string file_name_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string relative_to(const std::string& root, const std::string& absolute) {
    if (absolute == root) return ".";
    if (root == "/") return absolute.substr(1);
    if (absolute.size() > root.size() && absolute.starts_with(root) && absolute[root.size()] == '/')
        return absolute.substr(root.size() + 1);
    return absolute;
}

std::optional<std::string> real_path(const std::string& path) {
    boost::system::error_code error;
    const fs::path real = fs::canonical(path, error);
    if (error) return std::nullopt;
    return real.native();
}

std::string working_directory() {
    boost::system::error_code error;
    const fs::path here = fs::current_path(error);
    return error ? "/" : here.native();
}

bool exists(const std::string& path) {
    boost::system::error_code error;
    return fs::exists(path, error);
}

bool is_folder(const std::string& path) {
    boost::system::error_code error;
    return fs::is_directory(path, error);
}

bool has_image_suffix(std::string_view name) {
    static constexpr std::array<std::string_view, 13> suffixes = {
        "avif", "bmp", "dng", "heic", "heif", "jp2", "jpeg",
        "jpg",  "mpo", "png", "tif",  "tiff", "webp"};
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos) return false;
    std::string suffix(name.substr(dot + 1));
    for (char& c : suffix)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return std::find(suffixes.begin(), suffixes.end(), suffix) != suffixes.end();
}

bool is_hidden(std::string_view name) {
    return name.starts_with('.');
}

}  // namespace yolodata
