// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "pack/pipeline.hpp"
#include "pack/source_digest.hpp"
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
/// What parts with variants share: OUT/.parts/plain-of-N, in whose parts the pictures lie as they are.
std::string plain_root(const std::string& out, int parts);

/// The SHA-256 of the files whose places one part packs (the first part also: those of no place), as far as `known`
/// has none, read now. From those of all parts the digest of the dataset is made without reading it again. One entry
/// more tells the list of all places, so that parts of different lists are told apart.
Manifest part_manifest(const Dataset& dataset, const std::vector<Place>& all, int part, int parts, const KnownDigests& known,
                       int jobs);
/// Beside the part's set.
void write_part_manifest(const std::string& folder, const Manifest& manifest);

/// One finished part. Of variants it has no files of its own: their source digest is that of the whole dataset.
struct Part {
    std::string folder;
    shard::SetIndex index;
    Manifest files;
    ManifestEntry places;  ///< of all parts together
};

/// All parts in OUT/.parts. Throws Error: not_found (there are none), forbidden_state (one is missing, or they do not
/// belong together).
std::vector<Part> read_parts(const std::string& out);
/// Digest of the dataset from what the parts read of it; a file that two parts read must have been the same, else
/// Error(forbidden_state).
std::string digest_of_parts(const std::string& out, const std::vector<Part>& parts);

}  // namespace yolodata::pack
