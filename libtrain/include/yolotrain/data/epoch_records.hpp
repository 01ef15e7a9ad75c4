// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "yolodata/shard/reader.hpp"

namespace yolotrain {

/// Which records of a set an epoch shows: all of them, or, of a set packed with --variants K, the K-th part that
/// holds one augmented picture of each image: epoch e (from 0) shows variant e mod K + 1.
class EpochRecords {
   public:
    /// Throws yolodata::Error(corrupt) if the records are not K variants of the same images.
    explicit EpochRecords(const yolodata::shard::ShardSet& set);

    std::uint64_t size() const { return size_; }  ///< records an epoch
    int variants() const { return variants_; }    ///< K; 0 = the set holds each image once, as it is
    /// The first of the size() consecutive records of an epoch.
    std::uint64_t first(std::int64_t epoch) const {
        return variants_ == 0 ? 0 : static_cast<std::uint64_t>(epoch % variants_) * size_;
    }

   private:
    int variants_ = 0;
    std::uint64_t size_ = 0;
};

}  // namespace yolotrain
