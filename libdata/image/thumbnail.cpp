// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/thumbnail.hpp"

#include <algorithm>

namespace yolodata {

void AreaMean::begin(int width, int height, int out_width, int out_height) {
    columns_ = width, rows_ = height, out_columns_ = out_width, out_rows_ = out_height, y_ = 0;
    edges_.resize(static_cast<std::size_t>(out_width));
    parts_.resize(edges_.size());
    for (int x = 0; x < out_width; ++x) {
        const double end = static_cast<double>(width) * (x + 1) / out_width;
        edges_[x] = std::min(static_cast<int>(end), width - 1);
        parts_[x] = static_cast<float>(end - edges_[x]);
    }
    sums_.assign(static_cast<std::size_t>(width) + 1, 0);
    line_.assign(static_cast<std::size_t>(out_width), 0);
    out_.assign(static_cast<std::size_t>(out_width) * static_cast<std::size_t>(out_height), 0);
}

void AreaMean::add_row(const std::uint8_t* gray) {
    for (int x = 0; x < columns_; ++x) sums_[x + 1] = sums_[x] + gray[x];
    const float per_column = static_cast<float>(out_columns_) / static_cast<float>(columns_);
    double before = 0;  // sum of the pixels left of the column
    for (int x = 0; x < out_columns_; ++x) {
        const int edge = edges_[x];
        const double sum = static_cast<double>(sums_[edge]) + parts_[x] * gray[edge];
        line_[x] = static_cast<float>(sum - before) * per_column;
        before = sum;
    }
    // This row's share of each output row that it touches.
    const double height = static_cast<double>(rows_) / out_rows_;
    const int first = static_cast<int>(y_ / height);
    for (int y = first; y < out_rows_ && y * height < y_ + 1; ++y) {
        const double share =
            std::min<double>(y_ + 1, (y + 1) * height) - std::max<double>(y_, y * height);
        if (share <= 0) continue;
        const float weight = static_cast<float>(share / height);
        float* out = out_.data() + static_cast<std::size_t>(y) * out_columns_;
        for (int x = 0; x < out_columns_; ++x) out[x] += weight * line_[x];
    }
    ++y_;
}

void GrayThumbnail::begin(int width, int height) {
    mean_.begin(width, height, side, side);
    gray_.resize(static_cast<std::size_t>(width));
    lowest_ = 255, highest_ = 0;
}

void GrayThumbnail::add_row(const std::uint8_t* pixels, int channels, int step) {
    if (channels == 1 && step == 1) {
        std::copy_n(pixels, gray_.size(), gray_.begin());
    } else if (channels < 3) {
        for (std::size_t x = 0; x < gray_.size(); ++x)
            gray_[x] = pixels[x * static_cast<std::size_t>(channels * step)];
    } else {
        for (std::size_t x = 0; x < gray_.size(); ++x) {
            const std::uint8_t* pixel = pixels + x * static_cast<std::size_t>(channels * step);
            const std::uint8_t rgb[3] = {pixel[0], pixel[step], pixel[2 * step]};
            gray_[x] = luma(rgb);
        }
    }
    std::uint8_t low = 255, high = 0;  // plain, so that it is vectorised
    for (const std::uint8_t v : gray_) {
        low = std::min(low, v);
        high = std::max(high, v);
    }
    lowest_ = std::min<int>(lowest_, low);
    highest_ = std::max<int>(highest_, high);
    mean_.add_row(gray_.data());
}

void GrayThumbnail::add_cmyk_row(const std::uint8_t* pixels) {
    std::vector<std::uint8_t> gray(gray_.size());
    for (std::size_t x = 0; x < gray.size(); ++x, pixels += 4) {
        const std::uint8_t rgb[3] = {static_cast<std::uint8_t>(pixels[0] * pixels[3] / 255),
                                     static_cast<std::uint8_t>(pixels[1] * pixels[3] / 255),
                                     static_cast<std::uint8_t>(pixels[2] * pixels[3] / 255)};
        gray[x] = luma(rgb);
    }
    add_row(gray.data(), 1);
}

void GrayThumbnail::add(const Picture& picture) {
    begin(picture.width, picture.height);
    for (int y = 0; y < picture.height; ++y) add_row(picture.row(y), 3);
}

}  // namespace yolodata
