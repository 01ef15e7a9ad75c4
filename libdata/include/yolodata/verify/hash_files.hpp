// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/core/manifest.hpp"

namespace yolodata {

/// Files done and their total; false stops the work. Never called from two threads at once.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

/// Every file that belongs to a dataset: images, labels (orphans too), list files and data.yaml.
/// Sorted by path bytes, each once.
std::vector<std::string> files_of(const Dataset& dataset);

/// A file that could not be hashed.
struct UnhashedFile {
    std::string path, reason;
    bool absent = false;  ///< nothing is there
};

struct HashedFiles {
    std::vector<ManifestEntry> files;  ///< in the order of the paths
    std::vector<UnhashedFile> failed;
    bool stopped = false;  ///< by the progress callback; the rest is then empty
};

/// Size, time and SHA-256 of files, in pieces, by `jobs` threads. Paths are relative to root or
/// absolute.
HashedFiles hash_files(const std::string& root, const std::vector<std::string>& paths, int jobs,
                       const Progress& progress = {});

/// What differs between a manifest and the files of a dataset as they are now (`files`, sorted by
/// path). A file of the manifest that the dataset does not name any more is looked for and hashed.
/// Returns findings checksum/…
std::vector<Finding> compare_with_manifest(const Manifest& manifest,
                                           const std::vector<ManifestEntry>& files,
                                           const std::string& root, int jobs);

}  // namespace yolodata
