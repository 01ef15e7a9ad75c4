// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata {

/// COCO's classes of box area: small < 32² px ≤ medium < 96² px ≤ large.
struct AreaCounts {
    std::uint64_t small = 0, medium = 0, large = 0;
};

/// What the images and boxes of one split, or of a whole dataset, look like. Boxes are those that
/// Ultralytics trains on.
struct SplitStats {
    static constexpr std::size_t max_boxes_told = 1000;  ///< images with more share one entry
    static constexpr std::size_t grid = 16;              ///< cells a side of the heat map
    static constexpr std::size_t side_bins = 11, aspect_bins = 8;

    struct ClassCount {
        std::uint64_t boxes = 0, images = 0;  ///< images with at least one of these boxes
    };

    std::uint64_t images = 0;       ///< each once
    std::uint64_t backgrounds = 0;  ///< of them, without a label row
    /// Pairs left out by Ultralytics, as far as header and label tell: their boxes do not count.
    std::uint64_t unusable_images = 0;
    std::uint64_t boxes = 0;
    std::map<std::int32_t, ClassCount> classes;            ///< by class id
    std::map<std::size_t, std::uint64_t> boxes_per_image;  ///< usable images by their boxes
    AreaCounts source_areas;                               ///< px of the pictures as they are
    AreaCounts imgsz_areas;                                ///< px at the training size
    std::array<std::uint64_t, side_bins> sides{};          ///< √area at imgsz: side_edges()
    std::array<std::uint64_t, aspect_bins> aspects{};      ///< width / height: aspect_edges()
    std::array<std::array<std::uint64_t, grid>, grid> centres{};  ///< [row][column], top left first
    std::map<std::pair<int, int>, std::uint64_t> image_sizes;     ///< (width, height) as shown, px

    void add(const SplitStats& other);
};

/// Lower edges of the bins, px: 0, 2, 4 … 1024; a bin ends where the next begins, the last is open.
std::array<double, SplitStats::side_bins> side_edges();
/// Likewise width / height, in pixels: 0, 1/8, 1/4 … 8.
std::array<double, SplitStats::aspect_bins> aspect_edges();

struct StatsOptions {
    int imgsz = 640;  ///< training size, the long side of a picture, px
    int jobs = 1;     ///< worker threads, ≥ 1; the result does not depend on it
    std::uint64_t max_pixels = 178'956'970;             ///< 0 = no limit
    std::uint64_t max_memory = std::uint64_t{1} << 30;  ///< bytes for files in work
};

struct DatasetStats {
    SplitStats total;                ///< every image once
    std::vector<SplitStats> splits;  ///< as Dataset::splits
    bool stopped = false;            ///< by the progress callback; the rest then means nothing
};

/// One parallel pass over a dataset: labels are judged as verify does, of pictures only the header.
/// Memory: `jobs` files at a time and the counts. Never writes. Throws Error(resource | io) for
/// failures of this process; what `progress` throws is passed on.
DatasetStats dataset_stats(const Dataset& dataset, const StatsOptions& options,
                           const Progress& progress = {});

}  // namespace yolodata
