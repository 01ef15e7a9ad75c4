// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace yolodata {

/// One labelled object: class id and the box's centre and size, normalised to the image (0…1).
struct Box {
    std::int32_t cls = 0;
    float x = 0, y = 0, w = 0, h = 0;

    bool operator==(const Box&) const = default;
};

}  // namespace yolodata
