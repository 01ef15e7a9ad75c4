// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "pack/pipeline.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// Places that part I of N packs: whole numbers of them, in order, as even as they can be. Part is counted from 1.
std::pair<std::size_t, std::size_t> part_range(std::size_t places, int part, int parts);

/// Where part I of N is packed, a set of its own: OUT/.parts/I-of-N.
std::string part_folder(const std::string& out, int part, int parts);
/// Where a run with these options writes: that, or OUT itself if there are no parts.
std::string out_folder(const std::string& out, int part, int parts);
/// The folder of all that belongs to parts until they are merged.
std::string folder_of_parts(const std::string& out);
/// What parts with variants share: OUT/.parts/plain-of-N-FRAME, in whose parts the pictures lie as they are. FRAME tells
/// apart what was packed with other options.
std::string plain_root(const std::string& out, int parts, const std::string& frame);

/// One finished part. Of variants it has no files of its own: their source digest is that of the whole dataset.
struct Part {
    std::string folder;
    shard::SetIndex index;
    Manifest files;
    ManifestEntry places;  ///< of all parts together
};

/// All parts in OUT/.parts. Throws Error: not_found (there are none), forbidden_state (one is missing, its manifest is
/// not that of its shards, or they do not belong together).
std::vector<Part> read_parts(const std::string& out);
/// Digest of the dataset from what the parts read of it; a file that two parts read must have been the same, else
/// Error(forbidden_state).
std::string digest_of_parts(const std::string& out, const std::vector<Part>& parts);

}  // namespace yolodata::pack
