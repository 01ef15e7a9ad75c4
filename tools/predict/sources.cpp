// SPDX-License-Identifier: Apache-2.0
#include "predict/sources.hpp"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"

namespace tools {

namespace {

namespace fs = std::filesystem;

/// The suffixes that Ultralytics takes for pictures.
bool has_picture_suffix(const fs::path& path) {
    static const std::set<std::string> suffixes = {".avif", ".bmp",  ".dng", ".heic", ".heif",
                                                   ".jp2",  ".jpeg", ".jpg", ".mpo",  ".png",
                                                   ".tif",  ".tiff", ".webp"};
    std::string suffix = path.extension().native();
    std::transform(suffix.begin(), suffix.end(), suffix.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return suffixes.contains(suffix);
}

class Expander {
 public:
    std::vector<std::string> paths;

    void source(const std::string& text) {
        std::error_code ignored;
        if (text == "-") {
            lines(std::cin, "");
        } else if (text.starts_with("@") && text.size() > 1) {
            list(text.substr(1));
        } else if (fs::is_directory(text, ignored)) {
            folder(text);
        } else if (!fs::exists(text, ignored) && text.find_first_of("*?[") != std::string::npos) {
            pattern(text);
        } else if (fs::path(text).extension() == ".txt") {
            list(text);
        } else {
            add(text);
        }
    }

 private:
    void add(const std::string& path) {
        if (seen_.insert(fs::absolute(path).lexically_normal().native()).second)
            paths.push_back(path);
    }
    void folder(const std::string& path) {
        std::vector<std::string> found;
        std::error_code error;
        for (fs::directory_iterator entry(path, error), end; !error && entry != end;
             entry.increment(error)) {
            const fs::path name = entry->path().filename();
            std::error_code ignored;
            if (has_picture_suffix(name) && !name.native().starts_with(".") &&
                !entry->is_directory(ignored)) {
                found.push_back(entry->path().native());
            }
        }
        if (error) {
            throw yolodata::Error(yolodata::ErrorKind::io,
                                  "cannot list " + path + ": " + error.message());
        }
        std::sort(found.begin(), found.end());
        for (const std::string& f : found) add(f);
    }
    void pattern(const std::string& text) {
        glob_t matches{};
        std::vector<std::string> found;
        if (glob(text.c_str(), GLOB_NOSORT, nullptr, &matches) == 0) {
            found.assign(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
        }
        globfree(&matches);
        std::sort(found.begin(), found.end());
        std::error_code ignored;
        for (const std::string& f : found) {
            if (has_picture_suffix(f) && !fs::is_directory(f, ignored)) add(f);
        }
        if (found.empty()) add(text);
    }
    void list(const std::string& path) {
        std::istringstream in(yolodata::read_text_file(path));
        lines(in, fs::path(path).parent_path());
    }
    void lines(std::istream& in, const fs::path& beside) {
        for (std::string line; std::getline(in, line);) {
            while (!line.empty() &&
                   (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
                line.pop_back();
            if (line.empty()) continue;
            std::error_code ignored;
            const bool here = fs::exists(line, ignored);
            add(!here && fs::exists(beside / line, ignored) ? (beside / line).native() : line);
        }
    }

    std::set<std::string> seen_;
};

using Parts = std::vector<std::string>;

/// The folders above a file, from the root down.
Parts folders_of(const fs::path& absolute) {
    Parts parts;
    for (const fs::path& part : absolute.parent_path().relative_path())
        parts.push_back(part.native());
    return parts;
}

/// How many parts all lists begin with.
std::size_t common_start(const std::vector<Parts>& lists) {
    std::size_t n = 0;
    for (;; ++n) {
        for (const Parts& list : lists) {
            if (list.size() <= n || list[n] != lists.front()[n]) return n;
        }
    }
}

/// The differing parts of the folders of files that share a name.
std::vector<fs::path> differing_folders(const std::vector<fs::path>& files) {
    std::vector<Parts> lists;
    for (const fs::path& f : files) lists.push_back(folders_of(f));
    const std::size_t front = common_start(lists);
    for (Parts& list : lists) {
        list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(front));
        std::reverse(list.begin(), list.end());
    }
    const std::size_t back = common_start(lists);
    std::vector<fs::path> result;
    for (Parts& list : lists) {
        fs::path path;
        for (std::size_t i = list.size(); i > back; --i) path /= list[i - 1];
        result.push_back(path);
    }
    return result;
}

/// `wanted`, or with -2, -3 … before its suffix, so that it is none of `taken`.
fs::path unused(const fs::path& wanted, std::set<std::string>& taken) {
    fs::path name = wanted;
    for (int n = 2; !taken.insert(name.native()).second; ++n) {
        name = wanted.parent_path() /
               (wanted.stem().native() + "-" + std::to_string(n) + wanted.extension().native());
    }
    return name;
}

bool is_written_as_it_is(const fs::path& path) {
    const std::string suffix = path.extension().native();
    for (const char* s : {".jpg", ".jpeg", ".png", ".JPG", ".JPEG", ".PNG"}) {
        if (suffix == s) return true;
    }
    return false;
}

}  // namespace

std::vector<std::string> expand_sources(const std::vector<std::string>& sources) {
    Expander expander;
    for (const std::string& s : sources) expander.source(s);
    return std::move(expander.paths);
}

std::vector<ResultNames> name_results(const std::vector<std::string>& sources) {
    std::vector<fs::path> absolute, folder(sources.size());
    std::map<std::string, std::vector<std::size_t>> by_name;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        absolute.push_back(fs::absolute(sources[i]).lexically_normal());
        by_name[absolute[i].filename().native()].push_back(i);
    }
    for (const auto& [name, group] : by_name) {
        if (group.size() < 2) continue;
        std::vector<fs::path> files;
        for (const std::size_t i : group) files.push_back(absolute[i]);
        const std::vector<fs::path> folders = differing_folders(files);
        for (std::size_t k = 0; k < group.size(); ++k) folder[group[k]] = folders[k];
    }
    // a.jpg and a.png of one folder would share a.txt: such labels carry the whole name.
    std::map<std::string, int> stems;
    const auto stem = [&](std::size_t i) { return (folder[i] / absolute[i].stem()).native(); };
    for (std::size_t i = 0; i < sources.size(); ++i) ++stems[stem(i)];

    std::set<std::string> pictures, labels;
    std::vector<ResultNames> results;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const std::string name = absolute[i].filename().native();
        const std::string picture = is_written_as_it_is(name) ? name : name + ".jpg";
        const std::string label = stems[stem(i)] > 1 ? name : absolute[i].stem().native();
        results.push_back(
            {unused(folder[i] / picture, pictures).native(),
             unused(fs::path("labels") / folder[i] / (label + ".txt"), labels).native()});
    }
    return results;
}

}  // namespace tools
