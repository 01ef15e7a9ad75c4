// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "pack/memory_budget.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolodata/shard/writer.hpp"
#include "yolodata/verify/examine.hpp"

namespace yolodata::pack {

/// What becomes of one image: a record, or the reasons why it is left out.
struct Prepared {
    shard::RecordData record;
    std::optional<shard::LeftOut> left_out;
    bool passed_through = false;  ///< the payload is the source file
};

/// The findings that keep an image out of a pack: errors of image/…, and what makes Ultralytics drop it.
std::vector<shard::Reason> reasons_of(const Examined& examined);

/// Decodes, resizes and encodes an image that has been examined. `name` is what the record will call its
/// source. Damage that only the full decode finds leaves the image out too. Thread-safe.
Prepared prepare(const Examined& examined, std::string name, const shard::SetOptions& options, MemoryBudget& budget);

}  // namespace yolodata::pack
