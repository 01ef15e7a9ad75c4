// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace yolodata {

/// Orientation (tag 0x0112 of the first directory) of an Exif block, which starts with its TIFF
/// header. 1 where it is absent, unreadable or outside 1…8.
int exif_orientation(std::span<const std::byte> tiff);

}  // namespace yolodata
