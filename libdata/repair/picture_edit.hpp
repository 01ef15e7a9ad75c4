// SPDX-License-Identifier: Apache-2.0
// Mending the end of a picture's file without decoding and encoding it anew.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "yolodata/image/check.hpp"
#include "yolodata/repair/plan.hpp"

namespace yolodata {

/// The splice that gives the picture its end marker, or cuts what lies behind its end. nullopt if
/// the result would not pass the strict check, or would be another picture in size.
std::optional<Splice> edit_picture(std::span<const std::byte> bytes, Fix fix,
                                   const CheckOptions& options);

}  // namespace yolodata
