// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "predict/results.hpp"
#include "predict/sources.hpp"
#include "yolodata/image/picture.hpp"

namespace tools {

struct SaveOptions {
    std::string project = "runs", name = "predict";
    bool pictures = true;     ///< annotated pictures
    bool labels = false;      ///< label files
    bool confidence = false;  ///< as a sixth column of the labels
    bool exist_ok = false;    ///< write into PROJECT/NAME even if it exists

    bool any() const { return pictures || labels; }
};

/// PROJECT/NAME, or the first free PROJECT/NAME-2, -3 …; made with the first result.
class ResultFolder {
 public:
    explicit ResultFolder(SaveOptions options) : options_(std::move(options)) {}

    /// Draws into the picture and writes what the options ask for. Throws yolodata::Error.
    void save(const PictureResult& result, yolodata::Picture picture, const ResultNames& where,
              const std::vector<std::string>& names);
    /// Empty as long as nothing was saved.
    const std::string& path() const { return path_; }

 private:
    void create();
    std::string prepare_file(const std::string& relative) const;
    SaveOptions options_;
    std::string path_;
};

}  // namespace tools
