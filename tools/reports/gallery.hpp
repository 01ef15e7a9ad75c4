// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/output.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/finding.hpp"

namespace tools {

struct GalleryOptions {
    std::size_t thumbnails = 200;  ///< images that are pictured at most
    int jobs = 1;                  ///< decoders at a time
    std::uint64_t max_pixels = 178'956'970, max_memory = std::uint64_t{1} << 30;
};

/// The images that a page pictures: each rule gets its share, the worst findings first.
class Gallery {
 public:
    Gallery(const yolodata::Dataset& dataset, const std::vector<yolodata::Finding>& findings,
            const GalleryOptions& options);
    /// The number of an image's thumbnail; nullopt if it is not pictured.
    std::optional<std::size_t> index_of(std::string_view image) const;
    /// The thumbnails as a JSON array in index order. Memory: `jobs` pictures at a time.
    void write(Output& out) const;

 private:
    void choose(const std::vector<yolodata::Finding>& findings, std::size_t a_rule);
    const yolodata::Dataset& dataset_;
    GalleryOptions options_;
    std::vector<std::string_view> images_;
    std::map<std::string_view, std::size_t> index_;
};

/// What rows of label files draw, read again from the disk; asked in the report's order, each file
/// is read once.
class RowShapes {
 public:
    explicit RowShapes(const yolodata::Dataset& dataset);
    /// Centre and size of a box, or the corners x, y, … of a polygon, as written; empty if the
    /// finding is about no row or its numbers draw nothing.
    std::vector<double> shape_of(const yolodata::Finding& finding);

 private:
    void load(const std::string& label);
    const yolodata::Dataset& dataset_;
    yolodata::Folder folder_;
    std::string label_;
    std::map<std::uint32_t, std::vector<double>> rows_;  ///< by line
};

}  // namespace tools
