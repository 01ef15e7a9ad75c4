// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/mosaic.hpp"

#include <algorithm>
#include <cstring>

namespace yolodata {
namespace {

// Where the upper left corner of part i would lie on the canvas.
struct Corner {
    int x, y;
};

Corner corner_of(int i, const Picture& part, int centre_x, int centre_y) {
    const bool left = i == 0 || i == 2, upper = i < 2;
    return {left ? centre_x - part.width : centre_x, upper ? centre_y - part.height : centre_y};
}

void paste(const Picture& part, Corner at, Picture& canvas) {
    const int x1 = std::max(at.x, 0), x2 = std::min(at.x + part.width, canvas.width);
    const int y1 = std::max(at.y, 0), y2 = std::min(at.y + part.height, canvas.height);
    if (x1 >= x2) return;
    for (int y = y1; y < y2; ++y)
        std::memcpy(canvas.row(y) + static_cast<std::size_t>(x1) * 3,
                    part.row(y - at.y) + static_cast<std::size_t>(x1 - at.x) * 3,
                    static_cast<std::size_t>(x2 - x1) * 3);
}

}  // namespace

Sample mosaic4(const std::array<Sample, 4>& parts, int imgsz, int centre_x, int centre_y) {
    Sample mosaic{Picture(2 * imgsz, 2 * imgsz), {}};
    std::memset(mosaic.image.rgb.data(), padding_value, mosaic.image.rgb.size());
    const auto edge = static_cast<float>(2 * imgsz);
    for (int i = 0; i < 4; ++i) {
        const Corner at = corner_of(i, parts[i].image, centre_x, centre_y);
        paste(parts[i].image, at, mosaic.image);
        const auto dx = static_cast<float>(at.x), dy = static_cast<float>(at.y);
        for (const PixelBox& box : parts[i].boxes) {
            const PixelBox moved{
                box.cls, std::clamp(box.x1 + dx, 0.f, edge), std::clamp(box.y1 + dy, 0.f, edge),
                std::clamp(box.x2 + dx, 0.f, edge), std::clamp(box.y2 + dy, 0.f, edge)};
            if ((moved.x2 - moved.x1) * (moved.y2 - moved.y1) > 0) mosaic.boxes.push_back(moved);
        }
    }
    return mosaic;
}

}  // namespace yolodata
