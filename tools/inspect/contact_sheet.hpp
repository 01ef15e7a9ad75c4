// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "yolodata/image/picture.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"

namespace tools {

/// Pictures of a set side by side with their boxes, at most `count`, spread evenly over all splits,
/// in the set's order. A record that cannot be read is a grey cell with a cross. The same set gives
/// the same sheet. Throws yolodata::Error where a split does not open.
yolodata::Picture contact_sheet(const std::string& dir, const yolodata::shard::SetIndex& index,
                                std::uint64_t count, const yolodata::shard::ReadOptions& how);

}  // namespace tools
