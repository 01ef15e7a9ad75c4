// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pack/pipeline.hpp"
#include "pack/source_digest.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// The files of a dataset, divided among N parts. What it is made from must live longer.
class PartFiles {
   public:
    PartFiles(const Dataset& dataset, const std::vector<Place>& all, int parts);

    /// The SHA-256 of the files whose places one part packs (the first part also: those of no place), as far as `known`
    /// has none, read now. From those of all parts the digest of the dataset is made without reading it again. One entry
    /// more tells the list of all places, so that parts of different lists are told apart. nullopt: go_on said false.
    std::optional<Manifest> manifest(int part, const KnownDigests& known, int jobs, const std::function<bool()>& go_on = {}) const;

   private:
    const Dataset& dataset_;
    const std::vector<Place>& all_;
    const int parts_;
    std::vector<std::string> files_;    ///< sorted
    std::vector<std::string> nobodys_;  ///< of them, those of no place
    ManifestEntry places_;
};

/// Beside the part's set.
void write_part_manifest(const std::string& folder, const Manifest& manifest);
/// Throws Error: not_found, corrupt.
Manifest read_part_manifest(const std::string& folder);
/// Whether it tells what the set of `index` was made from. Not so where a packing was killed between the two.
bool belongs_to(const Manifest& manifest, const shard::SetIndex& index);
/// Takes the entry of the places out again, so that files alone are left. Throws Error(forbidden_state) if there is none.
ManifestEntry take_places(Manifest& manifest, const std::string& folder);

}  // namespace yolodata::pack
