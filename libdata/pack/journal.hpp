// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// What a packing had done when it closed a shard.
struct JournalState {
    shard::SetIndex index;          ///< its closed shards and what was left out; splits begun
    std::uint64_t done = 0;         ///< of the places (or pictures, of variants) in order
    std::uint64_t passed_through = 0;
    bool finished = false;          ///< the index is complete, its source digest too
};

/// The diary of a packing, FOLDER/journal.json: written anew, beside and renamed, whenever a shard is closed. A later
/// run goes on from there if it packs the same: `fingerprint` says what.
class Journal {
   public:
    Journal(std::string folder, std::string fingerprint);

    void write(const JournalState& state) const;
    /// What may be gone on from: the diary is of this fingerprint, and every shard that it lists lies in the folder with
    /// its SHA-256 (one that had been moved to `out` already is moved back, unless a set is complete there). Everything
    /// else in the folder but folders is removed. nullopt: begin anew.
    std::optional<JournalState> recover(const std::string& out) const;

    /// The codec of the packing that was interrupted in this folder, whatever its fingerprint.
    static std::optional<std::string> codec_in(const std::string& folder);

   private:
    std::optional<JournalState> read() const;

    std::string folder_, path_, fingerprint_;
};

/// SHA-256 over what decides the result: the index before the first record, the splits, and path, size and time of
/// every file of the dataset.
std::string fingerprint_of(const Dataset& dataset, const std::vector<Split>& splits, const shard::SetIndex& frame);

}  // namespace yolodata::pack
