// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tools {

/// A small JPEG of a picture for a page, or why there is none.
struct Thumbnail {
    int width = 0, height = 0;              ///< of the picture, px, EXIF orientation applied
    int shown_width = 0, shown_height = 0;  ///< of the thumbnail, px
    std::string src;                        ///< data URI; empty where `why` says why
    std::string why;
};

/// Never throws for bad content. Pictures of more than max_pixels are not decoded.
Thumbnail make_thumbnail(std::span<const std::byte> file, std::uint64_t max_pixels);

std::string base64(std::span<const std::byte> bytes);

}  // namespace tools
