// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "yolodata/augment/sample.hpp"

namespace yolodata {

/// Pixels that somebody else owns: 8-bit RGB, interleaved, rows `stride` bytes apart.
struct PictureView {
    const std::uint8_t* rgb = nullptr;
    int width = 0, height = 0;  ///< px
    std::size_t stride = 0;     ///< bytes from row to row, ≥ 3 · width

    PictureView() = default;
    PictureView(const std::uint8_t* pixels, int w, int h, std::size_t row_bytes)
        : rgb(pixels), width(w), height(h), stride(row_bytes) {}
    /// Of a picture that lives longer than the view and keeps its size.
    explicit PictureView(const Picture& picture)
        : PictureView(picture.rgb.data(), picture.width, picture.height,
                      static_cast<std::size_t>(picture.width) * 3) {}

    const std::uint8_t* row(int y) const { return rgb + static_cast<std::size_t>(y) * stride; }
};

/// A picture that is only looked at, with its labels.
struct SampleView {
    PictureView image;
    std::vector<PixelBox> boxes;
    std::shared_ptr<const void> owner;  ///< keeps the pixels alive; may be null if the source does
};

/// Picture `number` of a split, long side resized to imgsz, without a copy of its pixels: from a
/// cache, or out of a buffer that the owner holds. Called from worker threads.
using ViewSource = std::function<SampleView(std::uint64_t number)>;

}  // namespace yolodata
