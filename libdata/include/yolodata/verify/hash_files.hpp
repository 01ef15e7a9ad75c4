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

/// How much of a dataset a comparison reads. Files outside the share are trusted where size and time
/// are as the manifest says; all others are hashed.
struct Recheck {
    double share = 1;       ///< of the files, hashed whatever size and time say: 0 none, 1 all
    std::uint64_t run = 0;  ///< which share: ⌈1/share⌉ consecutive numbers cover every file
};

struct Compared {
    std::vector<Finding> findings;  ///< checksum/…, unsorted
    std::uint64_t hashed = 0, trusted = 0;
    bool stopped = false;  ///< by the progress callback; the rest is then empty
};

/// What differs between a manifest and the files that a dataset names (`paths`, sorted, as files_of
/// gives them). A manifest without sizes and times trusts nothing.
Compared compare_dataset(const Manifest& manifest, const std::vector<std::string>& paths,
                         const std::string& root, int jobs, const Recheck& recheck,
                         const Progress& progress = {});

}  // namespace yolodata
