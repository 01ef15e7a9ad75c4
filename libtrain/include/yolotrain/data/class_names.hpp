// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "yolodata/shard/reader.hpp"

namespace yolotrain {

/// The class names of a set; class_0, class_1 … where it knows only their number. Throws
/// yolodata::Error(invalid_argument) where it knows neither: a network needs a number of outputs.
std::vector<std::string> class_names(const yolodata::shard::ShardSet& shards);

}  // namespace yolotrain
