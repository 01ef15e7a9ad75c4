// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "repair/options.hpp"

namespace tools {

/// `yolodata repair` of a shard set: says what each damaged shard needs, and does it with --apply
/// or --out. Returns the exit code. schemas/repair-shards.schema.json describes its JSON.
int repair_shard_set(const RepairCommand& command);

}  // namespace tools
