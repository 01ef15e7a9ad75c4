// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace yolotrain {

/// One detected object: corners in pixels (of the network input or of the source picture, as the
/// function that returns it says).
struct Detection {
    float x1 = 0, y1 = 0, x2 = 0, y2 = 0;
    float confidence = 0;
    std::int32_t cls = 0;
    std::int32_t anchor = -1;  ///< index of the prediction it comes from, for tests
};

}  // namespace yolotrain
