// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/augment/scene.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// The plain pictures of one split, each image once as it is, in one set or one after the other in the sets of all
/// parts: read as one. const members may be called from many threads at once.
class PlainSplit {
   public:
    PlainSplit(const std::vector<std::string>& folders, const std::string& split);

    std::uint64_t size() const { return first_.back(); }
    shard::RecordInfo info(std::uint64_t number) const;
    /// Throws Error(corrupt), naming the file: the picture was written a moment ago.
    Scene scene(std::uint64_t number) const;

   private:
    std::size_t set_of(std::uint64_t number) const;

    std::vector<shard::ShardSet> sets_;
    std::vector<std::uint64_t> first_;  ///< record of each set, and at the end their sum
};

/// What variants are made from: plain sets of codec raw in these folders, of one frame.
class PlainPictures {
   public:
    /// source_digest: of the dataset that all of them were packed from.
    PlainPictures(std::vector<std::string> folders, std::string source_digest);

    const std::vector<std::string>& splits() const { return splits_; }
    std::uint64_t records(const std::string& split) const;
    const shard::SetIndex& index(std::size_t folder) const { return indices_[folder]; }
    const std::string& source_digest() const { return source_digest_; }
    std::string digest() const;  ///< changes with any of the pictures
    PlainSplit open(const std::string& split) const { return {folders_, split}; }

   private:
    std::vector<std::string> folders_, splits_;
    std::vector<shard::SetIndex> indices_;
    std::string source_digest_;
};

}  // namespace yolodata::pack
