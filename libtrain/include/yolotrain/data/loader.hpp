// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "yolodata/augment/online.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolotrain/data/batch.hpp"
#include "yolotrain/data/quarantine.hpp"

namespace yolotrain {

/// What is read ahead unless the caller says otherwise.
constexpr std::uint64_t kReadAheadBytes = std::uint64_t{256} << 20;

struct LoaderOptions {
    // What the batches hold.
    int imgsz = 640;        ///< side of the pictures, px
    int batch = 16;         ///< pictures a step, at least 1; cut to the number of records
    std::uint64_t seed = 0;
    yolodata::AugmentOptions augment;
    std::int64_t plain_from = -1;  ///< first epoch (from 0) without mosaic, mixup and cutmix; negative = none
    // How they are made.
    int workers = 1;        ///< threads; 0 = batches are made in the thread that asks for them
    int prefetch = 3;       ///< batches being made or waiting beside the one asked for, at least 1
    std::int64_t epochs = -1;      ///< nothing is made ahead past this epoch; negative = no end
    /// Records to come are fetched ahead of the workers by a thread of its own, about so many bytes of them (a
    /// batch at least, eight at most); 0 = not at all. Without workers nothing is fetched ahead.
    std::uint64_t read_ahead_bytes = kReadAheadBytes;
    /// Gives the page cache of records back that no sample reads any more: for sets larger than memory.
    bool drop_behind = false;
    /// Decoded pictures are kept for the samples that want them as partners (kept_pictures()), at most so many bytes
    /// of them; fewer kept are more decoded.
    std::uint64_t kept_bytes = std::uint64_t{256} << 20;
};

/// Training batches of a shard set, addressed by (epoch, step): what a batch holds is a function of the
/// seed, the epoch, the step, the set and the first group of options, and of nothing else: not of workers,
/// of earlier calls or of which bad records are known already. Asking for consecutive steps is fast,
/// because worker threads make the following ones meanwhile; any other step may be asked for at any time.
///
/// Of a set of variants (pack --variants) an epoch shows one variant of each image, as it is (EpochRecords); the
/// augmentation of the options has no effect then.
///
/// The order of an epoch is the bijection Permutation(n, seed, epoch). In place of a record that cannot be
/// used stands the next usable one of that order; it is quarantined. The last step of an epoch may be
/// smaller. A Batch may outlive the loader. Not thread-safe: one thread asks.
class TrainLoader {
   public:
    /// `quarantine` is shared with the caller, who finds new bad records there. Throws
    /// yolodata::Error(invalid_argument) for options out of range, (not_found) for an empty set, (corrupt)
    /// for one whose records are not the variants that it says.
    TrainLoader(std::shared_ptr<const yolodata::shard::ShardSet> shards, std::shared_ptr<Quarantine> quarantine,
                const LoaderOptions& options);
    ~TrainLoader();
    TrainLoader(const TrainLoader&) = delete;
    TrainLoader& operator=(const TrainLoader&) = delete;

    std::int64_t size() const;   ///< records an epoch
    std::int64_t steps() const;  ///< an epoch
    int batch_size() const;      ///< of every step but the last

    /// step < steps(). Throws yolodata::Error(corrupt) when no usable record is left.
    Batch batch(std::int64_t epoch, std::int64_t step);

    /// Seconds that batch() has waited for workers so far: what the network was starved of.
    double waited_seconds() const;
    /// Bytes of all batch buffers, in use and pooled.
    std::uint64_t buffer_bytes() const;

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace yolotrain
