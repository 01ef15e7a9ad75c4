// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/mosaic.hpp"

#include <algorithm>
#include <cstring>

namespace yolodata {

void paste(const Picture& part, int x, int y, Picture& canvas) {
    const int x1 = std::max(x, 0), x2 = std::min(x + part.width, canvas.width);
    const int y1 = std::max(y, 0), y2 = std::min(y + part.height, canvas.height);
    if (x1 >= x2) return;
    for (int row = y1; row < y2; ++row)
        std::memcpy(canvas.row(row) + static_cast<std::size_t>(x1) * 3,
                    part.row(row - y) + static_cast<std::size_t>(x1 - x) * 3,
                    static_cast<std::size_t>(x2 - x1) * 3);
}

std::pair<int, int> mosaic4_corner(std::size_t i, int width, int height, int centre_x,
                                   int centre_y) {
    const bool left = i == 0 || i == 2, upper = i < 2;
    return {left ? centre_x - width : centre_x, upper ? centre_y - height : centre_y};
}

void move_onto_canvas(const std::vector<PixelBox>& boxes, int dx, int dy, int edge,
                      std::vector<PixelBox>& out) {
    const auto x = static_cast<float>(dx), y = static_cast<float>(dy);
    const auto side = static_cast<float>(edge);
    for (const PixelBox& box : boxes) {
        const PixelBox moved{
            box.cls, std::clamp(box.x1 + x, 0.f, side), std::clamp(box.y1 + y, 0.f, side),
            std::clamp(box.x2 + x, 0.f, side), std::clamp(box.y2 + y, 0.f, side)};
        if ((moved.x2 - moved.x1) * (moved.y2 - moved.y1) > 0) out.push_back(moved);
    }
}

Sample mosaic4(const std::array<Sample, 4>& parts, int imgsz, int centre_x, int centre_y) {
    Sample mosaic{Picture(2 * imgsz, 2 * imgsz), {}};
    std::memset(mosaic.image.rgb.data(), padding_value, mosaic.image.rgb.size());
    for (std::size_t i = 0; i < 4; ++i) {
        const Picture& part = parts[i].image;
        const auto [x, y] = mosaic4_corner(i, part.width, part.height, centre_x, centre_y);
        paste(part, x, y, mosaic.image);
        move_onto_canvas(parts[i].boxes, x, y, 2 * imgsz, mosaic.boxes);
    }
    return mosaic;
}

}  // namespace yolodata
