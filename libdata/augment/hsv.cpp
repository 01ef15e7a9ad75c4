// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/hsv.hpp"

#include <algorithm>
#include <cmath>

#include <opencv2/imgproc.hpp>

#include "hsv_tables.hpp"
#include "mat.hpp"
#include "yolodata/augment/online.hpp"

namespace yolodata {

HsvTables make_hsv_tables(const HsvGains& gains) {
    HsvTables tables{};
    for (int x = 0; x < 256; ++x) {
        tables.hue[x] = static_cast<std::uint8_t>(std::fmod(x * gains.hue, 180.0));
        tables.saturation[x] =
            static_cast<std::uint8_t>(std::clamp(x * gains.saturation, 0.0, 255.0));
        tables.value[x] = static_cast<std::uint8_t>(std::clamp(x * gains.value, 0.0, 255.0));
    }
    return tables;
}

HsvGains draw_hsv(Random& random, const AugmentOptions& options) {
    HsvGains gains;
    gains.hue = 1 + random.uniform(-1, 1) * options.hsv_h;
    gains.saturation = 1 + random.uniform(-1, 1) * options.hsv_s;
    gains.value = 1 + random.uniform(-1, 1) * options.hsv_v;
    return gains;
}

void apply_hsv(Picture& picture, const HsvGains& gains) {
    if (gains.hue == 1 && gains.saturation == 1 && gains.value == 1) return;
    const HsvTables tables = make_hsv_tables(gains);
    // A band of rows at a time: the three passes find their pixels in the cache.
    constexpr int band = 16;
    cv::Mat hsv;
    for (int y = 0; y < picture.height; y += band) {
        cv::Mat rgb = as_mat(picture).rowRange(y, std::min(y + band, picture.height));
        cv::cvtColor(rgb, hsv, cv::COLOR_RGB2HSV);
        std::uint8_t* pixel = hsv.ptr();
        for (std::size_t i = hsv.total(); i > 0; --i, pixel += 3) {
            pixel[0] = tables.hue[pixel[0]];
            pixel[1] = tables.saturation[pixel[1]];
            pixel[2] = tables.value[pixel[2]];
        }
        cv::cvtColor(hsv, rgb, cv::COLOR_HSV2RGB);
    }
}

}  // namespace yolodata
