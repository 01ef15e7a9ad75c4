// SPDX-License-Identifier: Apache-2.0
#include "predict/result_folder.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/encode.hpp"
#include "yolotrain/eval/annotate.hpp"

namespace tools {

namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) yolodata::throw_errno("create folder", path.native(), error.value());
}

std::vector<std::byte> encode(const yolodata::Picture& picture, const fs::path& name) {
    const std::string suffix = name.extension().native();
    return suffix == ".png" || suffix == ".PNG" ? yolodata::encode_png(picture)
                                                : yolodata::encode_jpeg(picture);
}

}  // namespace

void ResultFolder::create() {
    const fs::path wanted = fs::path(options_.project) / options_.name;
    fs::path path = wanted;
    if (options_.exist_ok) {
        make_folders(path);
    } else {
        make_folders(path.parent_path());
        std::error_code error;
        // Making the folder is the test whether it is free: two runs never share one.
        for (int n = 2; !fs::create_directory(path, error); ++n) {
            if (error) yolodata::throw_errno("create folder", path.native(), error.value());
            path = wanted.native() + "-" + std::to_string(n);
        }
    }
    path_ = path.native();
}

std::string ResultFolder::prepare_file(const std::string& relative) const {
    const fs::path file = fs::path(path_) / relative;
    make_folders(file.parent_path());
    return file.native();
}

void ResultFolder::save(const PictureResult& result, yolodata::Picture picture,
                        const ResultNames& where, const std::vector<std::string>& names) {
    if (!options_.any()) return;
    if (path_.empty()) create();
    if (options_.pictures) {
        yolotrain::annotate(picture, result.boxes, names);
        yolodata::write_file_atomically(prepare_file(where.picture),
                                        encode(picture, where.picture));
    }
    if (options_.labels) {
        yolodata::write_file_atomically(prepare_file(where.label),
                                        to_label_file(result, options_.confidence));
    }
}

}  // namespace tools
