// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

namespace yolodata {

/// Would Pillow load this JPEG? It feeds libjpeg pieces of 64 KiB and never makes up an end marker,
/// so a picture without one loads only if libjpeg happens to need no byte behind the last row's
/// data. Ultralytics loads (and overwrites) just those JPEGs whose last two bytes are not FF D9.
bool pillow_loads_jpeg(std::span<const std::byte> bytes);

}  // namespace yolodata
