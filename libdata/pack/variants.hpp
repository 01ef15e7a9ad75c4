// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "pack/pipeline.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

/// Makes `options.set.variants` augmented pictures of every record of the plain set in the folder `plain`
/// (variants 0, codec raw) and writes them, variant after variant, each in an order of its own (the epoch's of that
/// number, so that partners are near in it). The bytes do not depend on options.jobs. `at` counts the pictures,
/// from where an interrupted run is to go on. false: progress said stop.
/// Throws Error: corrupt (a plain record cannot be read back), and what the writer throws.
bool write_variants(const std::string& plain, const Dataset& dataset, const PackOptions& options,
                    const PackProgress& progress, Progress& at, shard::SetWriter& writer);

}  // namespace yolodata::pack
