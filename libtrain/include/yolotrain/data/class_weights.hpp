// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "yolodata/shard/reader.hpp"

namespace yolotrain {

/// Label rows of each of nc classes in a split; rows of other classes and damaged label entries do not count.
std::vector<std::uint64_t> count_classes(const yolodata::shard::ShardSet& shards, std::size_t nc);

/// Weights of the classes in the loss by their inverse frequency: w_c = count_c^−power, divided by the mean of all,
/// so that they are 1 on average. A class without a row counts as if it had one. power 0…1: 0 gives ones. The
/// definition is that of Ultralytics' cls_pw.
std::vector<double> class_weights(const std::vector<std::uint64_t>& counts, double power);

}  // namespace yolotrain
