// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/core/random.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::shard {

/// Which record of a split is variant v of image i, in a set that was packed with --variants K. Made
/// from index.json alone, nothing is scanned; each answer takes O(1).
///
/// Images count from 0 in the order of a plain packing of the same source: images() of them, without
/// those that were left out. Variants count from 1 to variants(). A variant's records lie together
/// and hold each image once, in the order of the epoch of that number: reading them one after the
/// other is reading a shuffled epoch.
///
/// Thread-safe after construction.
class VariantLayout {
   public:
    /// `index`: of the set in the folder `dir`, which errors name. Throws Error: invalid_argument (the
    /// split holds each image as it is, or there is none of that name), unsupported (a repaired set,
    /// which lacks records: not every image has every variant), corrupt (its records are no multiple
    /// of K).
    VariantLayout(const SetIndex& index, const std::string& split, const std::string& dir);

    std::uint64_t images() const { return images_; }
    std::uint32_t variants() const { return static_cast<std::uint32_t>(orders_.size()); }

    /// image < images(), 1 ≤ variant ≤ variants(); else Error(invalid_argument).
    std::uint64_t record(std::uint64_t image, std::uint32_t variant) const;
    /// The first record of a variant; the next images() are its.
    std::uint64_t first_record(std::uint32_t variant) const;
    /// Of which image and variant a record is; record < images() · variants().
    std::uint64_t image_of(std::uint64_t record) const;
    std::uint32_t variant_of(std::uint64_t record) const;

   private:
    std::uint64_t images_ = 0;
    std::vector<Permutation> orders_;  ///< of variant 1, 2 …
};

}  // namespace yolodata::shard
