// SPDX-License-Identifier: Apache-2.0
// The parts of the catalogue, one file a group.
#pragma once

#include <span>

#include "yolodata/core/rules.hpp"

namespace yolodata {

std::span<const RuleInfo> image_rules();
std::span<const RuleInfo> label_rules();
std::span<const RuleInfo> dataset_rules();
std::span<const RuleInfo> checksum_rules();
std::span<const RuleInfo> shard_rules();

}  // namespace yolodata
