// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "yolodata/core/random.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

struct AugmentOptions;

/// Factors for hue (in units of OpenCV's 8-bit hue, taken modulo 180), saturation and value (cut at
/// 255).
struct HsvGains {
    double hue = 1, saturation = 1, value = 1;
};

/// 1 ± the options' fractions, uniform.
HsvGains draw_hsv(Random& random, const AugmentOptions& options);

/// Changes the colours in place. Gains of exactly 1 leave the picture untouched.
void apply_hsv(Picture& picture, const HsvGains& gains);

}  // namespace yolodata
