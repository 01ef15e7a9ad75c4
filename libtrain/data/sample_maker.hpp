// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "yolodata/augment/online.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {

/// A training sample and the record that it shows (mosaic partners aside).
struct MadeSample {
    yolodata::Sample sample;
    std::uint64_t record = 0;
};

/// Makes the sample at a position of an epoch's order, with substitutes for bad records. Thread-safe.
class SampleMaker {
   public:
    SampleMaker(std::shared_ptr<const yolodata::shard::ShardSet> shards, std::shared_ptr<Quarantine> quarantine,
                const LoaderOptions& options);
    MadeSample make(std::int64_t epoch, std::uint64_t position) const;

   private:
    std::uint64_t usable_record(const yolodata::Permutation& order, std::uint64_t position) const;
    void condemn(std::uint64_t record, const std::string& reason) const;

    std::shared_ptr<const yolodata::shard::ShardSet> shards_;
    std::shared_ptr<Quarantine> quarantine_;
    LoaderOptions options_;
    std::uint64_t n_;
};

}  // namespace yolotrain
