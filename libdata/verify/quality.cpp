// SPDX-License-Identifier: Apache-2.0
// Statistics of a gray thumbnail of long side ≤ 640 px, so that they mean the same for every size.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "look.hpp"

namespace yolodata {

namespace {

constexpr int long_side = 640;
constexpr int dark_below = 40;     // 99th percentile, levels
constexpr int bright_above = 220;  // 5th percentile, levels
constexpr double sharp_from = 4;   // variance of the Laplacian
constexpr double information = 1;  // bits a pixel
constexpr double longest_aspect = 5;

struct Gray {
    int width = 0, height = 0;
    std::vector<std::uint8_t> pixels;
    int at(int x, int y) const {
        return pixels[static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
                      static_cast<std::size_t>(x)];
    }
};

Gray shrink(const Picture& picture) {
    const double scale =
        std::min(1.0, static_cast<double>(long_side) / std::max(picture.width, picture.height));
    Gray gray;
    gray.width = std::max(1, static_cast<int>(std::lround(picture.width * scale)));
    gray.height = std::max(1, static_cast<int>(std::lround(picture.height * scale)));
    AreaMean mean;
    mean.begin(picture.width, picture.height, gray.width, gray.height);
    std::vector<std::uint8_t> row(static_cast<std::size_t>(picture.width));
    for (int y = 0; y < picture.height; ++y) {
        const std::uint8_t* rgb = picture.row(y);
        for (std::size_t x = 0; x < row.size(); ++x) row[x] = luma(rgb + 3 * x);
        mean.add_row(row.data());
    }
    for (const float v : mean.pixels())
        gray.pixels.push_back(static_cast<std::uint8_t>(std::clamp(v + 0.5f, 0.0f, 255.0f)));
    return gray;
}

/// How often each level occurs.
struct Histogram {
    std::array<std::size_t, 256> counts{};
    std::size_t total;
    explicit Histogram(const Gray& gray) : total(gray.pixels.size()) {
        for (const std::uint8_t v : gray.pixels) ++counts[v];
    }
    int percentile(double share) const {
        const double wanted = share * static_cast<double>(total);
        double seen = 0;
        for (int level = 0; level < 256; ++level)
            if ((seen += static_cast<double>(counts[static_cast<std::size_t>(level)])) >= wanted)
                return level;
        return 255;
    }
    double entropy() const {
        double bits = 0;
        for (const std::size_t count : counts) {
            if (count == 0) continue;
            const double p = static_cast<double>(count) / static_cast<double>(total);
            bits -= p * std::log2(p);
        }
        return bits;
    }
};

// The 3 × 3 kernel with 4 in the middle, pixels beyond the edge reflected.
double laplacian_variance(const Gray& gray) {
    const auto reflected = [](int i, int n) { return n == 1 ? 0 : i < 0 ? 1 : i == n ? n - 2 : i; };
    double sum = 0, squares = 0;
    for (int y = 0; y < gray.height; ++y) {
        const int above = reflected(y - 1, gray.height), below = reflected(y + 1, gray.height);
        for (int x = 0; x < gray.width; ++x) {
            const double v = gray.at(reflected(x - 1, gray.width), y) +
                             gray.at(reflected(x + 1, gray.width), y) + gray.at(x, above) +
                             gray.at(x, below) - 4 * gray.at(x, y);
            sum += v;
            squares += v * v;
        }
    }
    const double n = static_cast<double>(gray.pixels.size());
    return squares / n - (sum / n) * (sum / n);
}

}  // namespace

std::vector<QualityRemark> judge_quality(const Picture& picture) {
    std::vector<QualityRemark> remarks;
    const Gray gray = shrink(picture);
    const Histogram histogram(gray);
    if (const int level = histogram.percentile(0.99); level < dark_below)
        remarks.push_back({"image/dark", fmt::format("99 % of the pixels are at gray level {} or "
                                                     "darker (limit {})",
                                                     level, dark_below)});
    if (const int level = histogram.percentile(0.05); level > bright_above)
        remarks.push_back({"image/bright", fmt::format("95 % of the pixels are at gray level {} or "
                                                       "brighter (limit {})",
                                                       level, bright_above)});
    if (const double variance = laplacian_variance(gray); variance < sharp_from)
        remarks.push_back(
            {"image/blurry", fmt::format("the variance of its Laplacian is {:.2f} (limit {})",
                                         variance, sharp_from)});
    if (const double bits = histogram.entropy(); bits < information)
        remarks.push_back({"image/low-information",
                           fmt::format("its gray levels carry {:.2f} bits a pixel (limit {})", bits,
                                       information)});
    const auto [low, high] = std::minmax(picture.width, picture.height);
    if (high > longest_aspect * low)
        remarks.push_back(
            {"image/odd-aspect", fmt::format("{} x {} px: one side is over {} times "
                                             "the other",
                                             picture.width, picture.height, longest_aspect)});
    return remarks;
}

}  // namespace yolodata
