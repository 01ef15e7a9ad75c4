// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace yolodata::shard {

/// What lies in the folder of a shard set, each list sorted.
struct SetFiles {
    std::vector<std::string> shards;      ///< names that end in .yds
    std::vector<std::string> unfinished;  ///< what a run leaves that is at work or was killed
    bool resumable = false;  ///< among it is a packing that `pack --resume` can go on with
};

/// Throws Error(not_found | io).
SetFiles list_set_files(const std::string& dir);

}  // namespace yolodata::shard
