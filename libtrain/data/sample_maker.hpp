// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/augment/kept_samples.hpp"
#include "yolodata/augment/online.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolotrain/data/epoch_records.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {

/// What a training sample shows: its boxes, px, and its record (mosaic partners aside).
struct MadeSample {
    std::vector<yolodata::PixelBox> boxes;
    std::uint64_t record = 0;
};

/// Makes the sample at a position of an epoch's order, with substitutes for bad records. Thread-safe.
class SampleMaker {
   public:
    /// `records`: of `shards`.
    SampleMaker(std::shared_ptr<const yolodata::shard::ShardSet> shards, std::shared_ptr<Quarantine> quarantine,
                const LoaderOptions& options, const EpochRecords& records);
    /// Draws the pixels into `planes`: [3, imgsz, imgsz], RGB.
    MadeSample make(std::int64_t epoch, std::uint64_t position, std::uint8_t* planes) const;

    std::uint64_t size() const { return records_.size(); }  ///< positions an epoch
    /// Positions before a sample's (cyclic) that its partners may come from; 0 where there are none.
    std::uint64_t window() const;
    /// The record at a position of an epoch's order, bad or not.
    std::uint64_t record_at(std::int64_t epoch, std::uint64_t position) const;
    std::size_t kept() const { return kept_ ? kept_->size() : 0; }  ///< pictures, now

   private:
    std::uint64_t usable_record(std::int64_t epoch, const yolodata::Permutation& order, std::uint64_t position) const;
    void condemn(std::uint64_t record, const std::string& reason) const;
    /// place: when it is wanted (KeptSamples); none: it is not kept.
    yolodata::SampleView picture(std::uint64_t record, std::optional<std::int64_t> place) const;

    std::shared_ptr<const yolodata::shard::ShardSet> shards_;
    std::shared_ptr<Quarantine> quarantine_;
    LoaderOptions options_;
    EpochRecords records_;
    std::unique_ptr<yolodata::KeptSamples> kept_;  ///< none where kept_pictures() is 0
};

}  // namespace yolotrain
