// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/dataset.hpp"

namespace yolodata {

/// One thing that data.yaml gets wrong or that is worth knowing; the caller knows the file's path.
struct ConfigIssue {
    std::string_view rule;
    Verdict verdict;
    std::string message;
};

/// A data.yaml as written: nothing resolved, nothing looked up.
struct DataYaml {
    bool parsed = false;  ///< false: `issues` says why, nothing else is set
    std::string path;     ///< `path:`, empty = none

    struct SplitEntry {
        std::string name;                 ///< train, val, test
        std::vector<std::string> places;  ///< folders, list files, globs; never empty
    };
    std::vector<SplitEntry> splits;            ///< in the order train, val, test
    std::optional<std::uint32_t> class_count;  ///< empty where names and nc are missing or disagree
    std::vector<std::string> names;
    std::optional<Task> task;
    std::optional<KeypointShape> keypoints;
    std::vector<ConfigIssue> issues;
};

/// Parses the text as Ultralytics reads it. Never throws for bad content, runs nothing that it
/// names.
DataYaml parse_data_yaml(std::string text);

}  // namespace yolodata
