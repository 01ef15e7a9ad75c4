// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pack/pipeline.hpp"
#include "pack/variants.hpp"

namespace yolodata::pack {

/// Throws Error(resource), with the number of bytes that are missing, if the shards will not fit into `free`
/// bytes. Where even full squares of raw pixels fit, nothing is read; otherwise a few images, evenly spaced,
/// are prepared to see how large their records become. free 0 = unknown: no check.
void check_space(const Dataset& dataset, const std::vector<Place>& places, const PackPlan& options,
                 std::uint64_t free, const std::string& out);

/// The same for what is yet to be written of a set of variants whose plain pictures stand there already.
void check_variant_space(const Dataset& dataset, const std::vector<Place>& places, const Remaining& remaining,
                         const PackOptions& options, std::uint64_t free, const std::string& out);

}  // namespace yolodata::pack
