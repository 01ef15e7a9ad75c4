// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/finding.hpp"

namespace yolodata {

enum class Task { detect, segment, pose, obb };

std::string_view to_string(Task);
/// nullopt if there is no such task.
std::optional<Task> parse_task(std::string_view text);

/// Key points of a pose data set: `points` of `dims` numbers each (2: x y; 3: x y visibility).
struct KeypointShape {
    std::uint32_t points = 0, dims = 0;
};

/// One image of a dataset and where its label belongs.
struct ImageRef {
    std::string path;  ///< relative to Dataset::root with forward slashes; absolute if outside it
    std::string label_path;  ///< likewise; where Ultralytics looks for it, there or not
    bool has_label = false;  ///< a directory entry stands at label_path
    /// A label was found under another name or in another place, or its folder cannot be listed, as
    /// Dataset::findings tell; nothing more is said of a missing one.
    bool label_elsewhere = false;
    std::uint32_t splits = 0;  ///< bit i: Dataset::splits[i] names it
    std::uint32_t list = 0;    ///< Dataset::list_files[list − 1] names it; 0 = found in a folder
};

struct Split {
    std::string name;                   ///< "train", "val", "test"
    std::vector<std::uint32_t> images;  ///< indices into Dataset::images, in order of path
};

/// What verify, pack, stats and training read: a data.yaml or folder, resolved. Every image stands
/// once, also when two splits name it. Sorted by path bytes.
struct Dataset {
    std::string root;    ///< absolute folder that paths are relative to
    std::string config;  ///< data.yaml, relative to root if it lies inside; empty = none
    Task task = Task::detect;
    bool task_stated = false;  ///< by data.yaml (task:, kpt_shape:) or the caller, not assumed
    KeypointShape keypoints;   ///< of a pose data set
    std::optional<std::uint32_t> class_count;  ///< unknown without data.yaml, --nc or --names
    std::vector<std::string> names;            ///< empty = unknown; else class_count names
    std::vector<ImageRef> images;
    std::vector<Split> splits;
    std::vector<std::string> orphan_labels;   ///< in the splits' label folders, without an image
    std::vector<std::string> list_files;      ///< list files that the splits name
    std::vector<std::string> unlisted_files;  ///< in the image folders; no trainer picks them up
    std::vector<std::string> cache_files;     ///< of Ultralytics, in the image folders
    bool resolved = true;           ///< false: data.yaml does not parse, nothing could be looked at
    std::vector<Finding> findings;  ///< dataset/… found while resolving

    std::string absolute(const std::string& path) const;  ///< root/path, or path if absolute
    const Split* find_split(const std::string& name) const;
};

struct OpenOptions {
    std::optional<std::uint32_t> class_count = {};  ///< --nc
    std::vector<std::string> names = {};            ///< --names
    std::optional<Task> task = {};                  ///< --task
    std::optional<KeypointShape> keypoints = {};    ///< --kpt-shape
};

/// Where Ultralytics looks for an image's label: the last "/images/" becomes "/labels/", the suffix
/// ".txt".
std::string label_path_of(const std::string& image_path);

/// Resolves PATH: a data.yaml, a folder with one, or a folder with images/ and labels/. Never
/// writes. A data.yaml that does not parse gives a dataset with one finding dataset/config-invalid
/// and nothing else. Throws Error(not_found | io) only if PATH itself is not there or cannot be
/// read.
Dataset open_dataset(const std::string& path, const OpenOptions& options = {});

}  // namespace yolodata
