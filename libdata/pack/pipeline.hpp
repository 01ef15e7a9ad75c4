// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "pack/prepare.hpp"
#include "pack/source_digest.hpp"
#include "pack/source_names.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

/// One image of one split, in the order in which records are written.
struct Place {
    std::size_t split = 0;    ///< index into the splits that are packed
    std::uint32_t image = 0;  ///< index into Dataset::images
    bool measures = false;    ///< its split does (pack::measures)
};

/// PackOptions, and what only a packing of variants asks of the packing before it.
struct PackPlan : PackOptions {
    /// The pictures are raw, whatever set.codec says, for variants are made from them; but not those of splits that
    /// measure, which the set of variants takes over as they stand.
    bool for_variants = false;
};
/// How the picture of a place is stored.
shard::SetOptions stored_as(const Place& place, const PackPlan& plan);

/// Where an interrupted packing goes on.
struct Progress {
    std::uint64_t done = 0;  ///< places that are written, or left out, by the writer's index
    std::uint64_t passed_through = 0;
    /// A good image was passed over since another one is bad: nobody may go on behind it, so what the writer's index
    /// says from here on is not to be kept.
    bool has_gap = false;
};

struct PipelineResult {
    bool stopped = false;      ///< by the progress callback
    bool found_bad = false;    ///< an image was left out
    KnownDigests digests;      ///< of every image and label that was read
};

/// Examines and prepares images on `options.jobs` threads and writes them in the order of `places`. At most a
/// fixed number of pictures is in work at a time. `at` says where to begin, and is kept up to date while the writer is
/// called. With options.fail_on_bad nothing more is written once an
/// image was left out, but the rest is still examined, so that all of them are known.
PipelineResult run_pipeline(const Dataset& dataset, const std::vector<Split>& splits, const std::vector<Place>& places,
                            const PackPlan& options, const PackProgress& progress, Progress& at,
                            shard::SetWriter& writer);

}  // namespace yolodata::pack
