// SPDX-License-Identifier: Apache-2.0
#include "look.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string_view>

namespace yolodata {

namespace {

// Standard deviation of the thumbnail, in levels, under which nothing but noise is left.
constexpr double flat_deviation = 1.0;
constexpr int blank_levels = 2;

}  // namespace

Look look_at(const GrayThumbnail& thumbnail, const ImageReport& report) {
    Look look;
    if (!thumbnail.complete() || !report.whole) return look;
    const std::span<const float> pixels = thumbnail.pixels();
    double sum = 0, squares = 0;
    for (const float v : pixels) {
        sum += v;
        squares += static_cast<double>(v) * v;
    }
    const double n = static_cast<double>(pixels.size()), mean = sum / n;
    look.known = true;
    look.mean = static_cast<float>(mean);
    look.flat = squares / n - mean * mean < flat_deviation * flat_deviation;
    look.scaled = report.format == Format::jpeg;
    look.width = static_cast<std::uint32_t>(report.width);
    look.height = static_cast<std::uint32_t>(report.height);
    look.thumbnail = std::hash<std::string_view>()(
        {reinterpret_cast<const char*>(pixels.data()), pixels.size_bytes()});
    if (!look.flat) look.hash = perceptual_hash(pixels);
    return look;
}

bool may_be_blank(const GrayThumbnail& thumbnail) {
    // Two more than the rule's levels: the thumbnail may come from a rougher decode.
    return thumbnail.complete() && thumbnail.range() <= blank_levels + 2;
}

bool is_blank(const Picture& picture) {
    std::uint8_t low[3] = {255, 255, 255}, high[3] = {0, 0, 0};
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
        for (std::size_t c = 0; c < 3; ++c) {
            low[c] = std::min(low[c], picture.rgb[i + c]);
            high[c] = std::max(high[c], picture.rgb[i + c]);
        }
    for (std::size_t c = 0; c < 3; ++c)
        if (high[c] - low[c] > blank_levels) return false;
    return true;
}

}  // namespace yolodata
