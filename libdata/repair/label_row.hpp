// SPDX-License-Identifier: Apache-2.0
// New numbers for one row. Fields that do not change keep their text, and so does what lies between
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "verify/label_check.hpp"

namespace yolodata {

/// A box's edges, a polygon's vertices or key points clipped to the image. nullopt: nothing of the
/// object lies inside. The row must have finite numbers and fit the task.
std::optional<std::string> clip_row(std::string_view row, const LabelContext& context);

/// Pixels divided by the image's size.
std::string normalise_row(std::string_view row, const LabelContext& context);

/// Nine decimals at most, without zeros at the end: 1/1000 px of the largest picture.
std::string number_text(double value);

}  // namespace yolodata
