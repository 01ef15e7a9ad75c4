// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "pack/pipeline.hpp"
#include "pack/plain_pictures.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

/// What write_variants() has still to write.
struct Remaining {
    std::uint64_t augmented = 0;     ///< pictures
    std::uint64_t copied_bytes = 0;  ///< of splits that measure, about
};
/// After `done` pictures.
Remaining remaining_after(std::uint64_t done, const PlainPictures& plain, const PackOptions& options);

/// How many pictures write_variants() writes for these options, of all splits together.
std::uint64_t count_pictures(const PlainPictures& plain, const PackOptions& options);

/// Makes augmented pictures of the plain ones, options.set.variants of each, and writes them, variant after variant, each
/// in an order of its own (shard::VariantLayout), so that partners are near in it. Splits that measure are copied, each
/// picture once. Of a part: its share of each split's pictures, whole numbers of them in that order. The bytes do not
/// depend on options.jobs. `at` counts the pictures, from where an interrupted run is to go on. false: progress said
/// stop.
/// Throws Error: corrupt (a plain record cannot be read back), and what the writer throws.
bool write_variants(const PlainPictures& plain, const Dataset& dataset, const PackOptions& options,
                    const PackProgress& progress, Progress& at, shard::SetWriter& writer);

}  // namespace yolodata::pack
