// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/verify/examine.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata {

struct VerifyOptions {
    ExamineOptions examine;
    /// Bits of 64 by which the perceptual hashes of near copies may differ, 0…8. Copies are only
    /// looked for with examine.looks.
    int near = 4;
    int jobs = 1;  ///< worker threads, ≥ 1; the result does not depend on it
    /// Bytes for files in work, beyond the program itself (about 100 MiB). A file that alone is
    /// larger is image/too-large; one that is larger with its pixels is not decoded to be compared.
    std::uint64_t max_memory = std::uint64_t{1} << 30;
    /// Compare with this manifest; nullptr = with none. Must live as long as the call.
    const Manifest* manifest = nullptr;
};

struct VerifyResult {
    std::uint64_t images = 0;  ///< each once
    std::uint64_t labels = 0;  ///< label files that belong to an image and could be read, each once
    std::uint64_t rows = 0;    ///< of them
    std::uint64_t backgrounds = 0;      ///< images without a label row
    std::uint64_t unusable_images = 0;  ///< pairs that Ultralytics would drop or die of
    std::uint64_t bytes = 0;            ///< read, all files
    std::string digest;                 ///< "sha256:…" over all files, as the manifest has it
    std::vector<Finding> findings;      ///< in report_order
    bool stopped = false;               ///< by the progress callback; the rest then means nothing
};

/// Checks a whole dataset in one parallel pass: each image and label is read once, hashed, decoded
/// whole, its rows judged; then what only the whole can tell. Bounded memory: `jobs` files at a
/// time, and what the findings and a few hundred bytes an image take. Never writes. Throws
/// Error(resource | io) for failures of this process; what `progress` throws is passed on.
VerifyResult verify(const Dataset& dataset, const VerifyOptions& options,
                    const Progress& progress = {});

/// Where neither data.yaml nor the caller states a task: decides it by the label rows and sets
/// dataset.task (and keypoints). Pose, if more than half of the rows have 5 + 3k fields of which
/// every third behind the box is 0, 1 or 2; else segment, if more than half have over six fields;
/// else detect. Does nothing where the task is stated.
void infer_task(Dataset& dataset, int jobs);

}  // namespace yolodata
