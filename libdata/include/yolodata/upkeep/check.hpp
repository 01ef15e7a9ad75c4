// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/core/finding.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

struct CheckOptions {
    /// true: headers, sections, indices and their agreement with index.json. false: every record
    /// too (its head, picture and labels, the decode of JPEGs, the ranges of boxes), and each
    /// file's SHA-256.
    bool fast = false;
    int jobs = 1;  ///< worker threads, ≥ 1; the result does not depend on it
    /// Bytes for records in work, beyond the program itself. A record that alone is larger is read
    /// alone.
    std::uint64_t max_memory = std::uint64_t{1} << 30;
};

struct CheckResult {
    std::optional<SetIndex> index;  ///< nullopt: none, or it does not parse
    std::string root;               ///< folder that the findings' paths are relative to
    std::uint64_t records = 0;      ///< as index.json or the shards' own headers count them
    std::uint64_t rows = 0;
    std::uint64_t backgrounds =
        0;  ///< records without a row; 0 after a fast check without index.json
    std::uint64_t bad_records =
        0;                    ///< that cannot be read, those of shards that do not open among them
    std::uint64_t bytes = 0;  ///< of the shard files that are there
    std::vector<Finding> findings;  ///< in report_order; rules shard/…
    bool stopped = false;           ///< by the progress callback; the rest then means nothing
};

/// false stops the check. Called by one thread at a time.
using CheckProgress = std::function<bool(std::uint64_t records_done, std::uint64_t records)>;

/// true if `path` is what check_shards() is for: a .yds file, or a folder with the index.json of a
/// set or with shards, and no data.yaml in it.
bool is_shard_path(const std::string& path);

/// Checks a shard set (a folder), or one shard (a .yds file; then nothing is compared with
/// index.json). What is wrong is a finding, never an exception: each names the file, and of a
/// record its number within the split, its offset and its source image. One fault gives one
/// finding: a shard that does not open is not looked into, and a wrong SHA-256 is only told where
/// nothing else is wrong with the file. Never writes. Throws Error(not_found | io) if `path` itself
/// cannot be read, Error(resource) for failures of this process; what `progress` throws is passed
/// on.
CheckResult check_shards(const std::string& path, const CheckOptions& options,
                         const CheckProgress& progress = {});

}  // namespace yolodata::shard
