// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "yolodata/image/picture.hpp"
#include "yolotrain/eval/detections.hpp"

namespace yolotrain {

/// The colour of a class, RGB: neighbouring ids are far apart, any number of classes has one.
std::array<std::uint8_t, 3> class_colour(std::int32_t cls);

/// Draws boxes (in pixels of the picture) with "name 0.87" on a plate of the class's colour. Line
/// and text grow with the picture. The most confident box is drawn last, on top. The font knows
/// ASCII only: a name with other letters shows as "class N".
void annotate(yolodata::Picture& picture, std::span<const Detection> detections,
              const std::vector<std::string>& names);

}  // namespace yolotrain
