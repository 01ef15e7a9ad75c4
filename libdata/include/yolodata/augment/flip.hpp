// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "yolodata/augment/sample.hpp"

namespace yolodata {

/// Mirror a sample in place; a box edge at x goes to width − x (or y to height − y).
void flip_left_right(Sample& sample);
void flip_up_down(Sample& sample);

void flip_left_right(std::vector<PixelBox>& boxes, int width);
void flip_up_down(std::vector<PixelBox>& boxes, int height);

}  // namespace yolodata
