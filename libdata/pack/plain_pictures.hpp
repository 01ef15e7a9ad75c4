// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "yolodata/augment/scene.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

/// A plain set as it was when it was made or checked.
struct PlainSet {
    std::string folder;
    shard::SetIndex index;

    /// Throws Error(forbidden_state) if another set stands there now, or none.
    void check_unchanged() const;
};

/// Throws Error(forbidden_state): another process put other pictures there.
[[noreturn]] void throw_changed(const std::string& folder);

/// The plain pictures of one split, each image once as it is, in one set or one after the other in the sets of all
/// parts: read as one. const members may be called from many threads at once.
class PlainSplit {
   public:
    /// Throws Error: forbidden_state (a set is no longer what it was), and what ShardSet throws.
    PlainSplit(const std::vector<PlainSet>& sets, const std::string& split);

    std::uint64_t size() const { return first_.back(); }
    shard::RecordInfo info(std::uint64_t number) const;
    /// Throws Error: forbidden_state (the set was replaced), corrupt, naming the file: the picture was written a moment ago.
    Scene scene(std::uint64_t number) const;
    /// The whole record, for another set. Throws as scene().
    shard::RecordData record(std::uint64_t number) const;

   private:
    [[noreturn]] void throw_unreadable(std::size_t set, const shard::RecordInfo& info) const;
    std::size_t set_of(std::uint64_t number) const;

    const std::vector<PlainSet>& plain_;
    std::vector<shard::ShardSet> sets_;
    std::vector<std::uint64_t> first_;  ///< record of each set, and at the end their sum
};

/// What a set of variants is made from: plain sets of one frame. Pictures of splits that do not measure are raw.
class PlainPictures {
   public:
    /// source_digest: of the dataset that all of them were packed from.
    PlainPictures(std::vector<PlainSet> sets, std::string source_digest);

    const std::vector<std::string>& splits() const { return splits_; }
    std::uint64_t records(const std::string& split) const;
    std::uint64_t bytes(const std::string& split) const;  ///< of its shards
    const shard::SetIndex& index(std::size_t set) const { return sets_[set].index; }
    const std::string& source_digest() const { return source_digest_; }
    std::string digest() const;  ///< changes with any of the pictures
    /// The pictures must live longer.
    PlainSplit open(const std::string& split) const { return {sets_, split}; }
    /// Of all sets, as PlainSet's.
    void check_unchanged() const;

   private:
    std::vector<PlainSet> sets_;
    std::vector<std::string> splits_;
    std::string source_digest_;
};

}  // namespace yolodata::pack
