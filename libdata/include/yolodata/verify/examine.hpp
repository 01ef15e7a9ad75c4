// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/core/box.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"

namespace yolodata {

struct ExamineOptions {
    std::uint64_t max_pixels = 178'956'970;
    int imgsz = 640;          ///< training size, for label/tiny-box
    bool hash = true;         ///< SHA-256 of image and label
};

/// An image and its label, each read once, and everything that is known about the pair.
struct Examined {
    std::vector<std::byte> image_bytes;  ///< the file as read; empty if it could not be read
    std::string image_sha256, label_sha256;  ///< lower-case hex, empty if not read
    std::uint64_t image_size = 0, label_size = 0;
    std::int64_t image_mtime_ns = 0, label_mtime_ns = 0;
    int width = 0, height = 0;           ///< as decoded, EXIF orientation applied; 0 = unknown
    std::uint64_t rows = 0;              ///< label rows, good and bad
    std::vector<Box> boxes;              ///< rows that Ultralytics trains on (duplicates once), file order
    std::vector<Finding> findings;
    bool usable = false;   ///< Ultralytics trains on it: no image error, no label error that drops it
    bool background = false;  ///< no label row
};

/// Reads and checks one image with its label. Never throws for bad content, only for failures of this
/// process (memory). Thread-safe.
Examined examine(const Dataset& dataset, const ImageRef& image, const ExamineOptions& options);

}  // namespace yolodata
