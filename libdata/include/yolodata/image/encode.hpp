// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "yolodata/image/picture.hpp"

namespace yolodata {

/// Baseline JPEG. quality 1…100; at 90 and above chroma is kept at full resolution (4:4:4), below
/// it is halved (4:2:0). Deterministic for one version of the codec. Throws
/// Error(invalid_argument).
std::vector<std::byte> encode_jpeg(const Picture& picture, int quality = 95);

/// 8-bit RGB PNG, lossless.
std::vector<std::byte> encode_png(const Picture& picture);

}  // namespace yolodata
