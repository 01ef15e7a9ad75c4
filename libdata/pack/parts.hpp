// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "pack/pipeline.hpp"
#include "pack/source_digest.hpp"
#include "yolodata/core/manifest.hpp"

namespace yolodata::pack {

/// Places that part I of N packs: whole numbers of them, in order, as even as they can be. Part is counted from 1.
std::pair<std::size_t, std::size_t> part_range(std::size_t places, int part, int parts);

/// Where part I of N is packed, a set of its own: OUT/.parts/I-of-N.
std::string part_folder(const std::string& out, int part, int parts);

/// The SHA-256 of the files whose places one part packs (the first part also: those of no place), as far as `known`
/// has none, read now. From those of all parts the digest of the dataset is made without reading it again. One entry
/// more tells the list of all places, so that parts of different lists are told apart.
Manifest part_manifest(const Dataset& dataset, const std::vector<Place>& all, int part, int parts, const KnownDigests& known,
                       int jobs);
/// Beside the part's set.
void write_part_manifest(const std::string& folder, const Manifest& manifest);

}  // namespace yolodata::pack
