// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
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

/// Whether the pixels of a JPEG of this size (px, as coded) and EXIF orientation are needed, and with all that is made
/// of them stay within `bytes`: then the pass that checks it may make them. One that may be taken as it is needs none.
bool wants_pixels(int width, int height, int orientation, const shard::SetOptions& options, std::uint64_t bytes);

/// The long side, px, that JPEGs need not be decoded beyond; 0 = whole.
int decoded_long_side(const shard::SetOptions& options);

/// Decodes (unless the examination did: its picture is taken), resizes and encodes an image that has been examined.
/// `name` is what the record will call its source. Damage that only the full decode finds leaves the image out too.
/// Waits for the budget where it decodes itself. Thread-safe.
Prepared prepare(Examined&& examined, std::string name, const shard::SetOptions& options, MemoryBudget& budget);

}  // namespace yolodata::pack
