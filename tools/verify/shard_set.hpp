// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolodata/core/dataset.hpp"
#include "yolodata/upkeep/check.hpp"
#include "yolodata/verify/verify.hpp"

namespace tools {

/// Checks a shard set and puts the answer into the form that every report of `yolodata verify` is
/// made from: images are records, labels are records that can be read, root is the set's folder.
yolodata::VerifyResult check_shard_set(const std::string& path,
                                       const yolodata::shard::CheckOptions& options, bool quiet,
                                       yolodata::Dataset& dataset);

}  // namespace tools
