// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "yolodata/augment/sample.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {

/// Share of the first picture: Beta(32, 32).
double draw_mixup_ratio(Random& random);

/// Blends `other` (same size) into `sample`: ratio · sample + (1 − ratio) · other, rounded down;
/// the boxes of both. Throws Error(invalid_argument) if the sizes differ.
void mixup(Sample& sample, const Sample& other, double ratio);

}  // namespace yolodata
