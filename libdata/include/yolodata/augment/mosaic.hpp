// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "yolodata/augment/sample.hpp"

namespace yolodata {

/// Value of pixels that no picture covers, every channel.
inline constexpr int padding_value = 114;

/// Four pictures around a point of a canvas of 2·imgsz × 2·imgsz (padding_value elsewhere): the
/// first with its lower right corner there, then upper right, lower left, lower right quarter; what
/// reaches beyond the canvas is cut off. Boxes are moved along, clipped to the canvas, and left out
/// where nothing remains. centre_x, centre_y: px, Ultralytics draws them from [imgsz/2, 3·imgsz/2).
Sample mosaic4(const std::array<Sample, 4>& parts, int imgsz, int centre_x, int centre_y);

/// Copies what lies on the canvas of a picture whose upper left corner is at (x, y).
void paste(const Picture& part, int x, int y, Picture& canvas);

/// Where the upper left corner of part i (of width × height px) lies on that canvas.
std::pair<int, int> mosaic4_corner(std::size_t i, int width, int height, int centre_x,
                                   int centre_y);
/// Appends boxes moved by (dx, dy) and clipped to a canvas of edge × edge px; those without area
/// are left out.
void move_onto_canvas(const std::vector<PixelBox>& boxes, int dx, int dy, int edge,
                      std::vector<PixelBox>& out);

}  // namespace yolodata
