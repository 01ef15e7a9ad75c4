// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "yolodata/image/picture.hpp"

namespace yolodata {

/// What the chunks of a WebP (RIFF) say.
struct WebpFile {
    int width = 0, height = 0;
    bool alpha = false, animated = false;
    int frames = 1;
    int orientation = 1;
    bool complete = false;    ///< every chunk's header is there
    std::size_t end = 0;      ///< offset behind the last byte of the RIFF, as it says itself
    bool ends_early = false;  ///< the file is shorter than that
    std::string fault;        ///< why the headers make no picture; empty = they do
};
WebpFile read_webp_header(std::span<const std::byte> bytes);

/// The first frame's pixels.
struct WebpPixels {
    Picture picture;  ///< empty after a fault
    bool opaque = true;
    int rows = 0;  ///< whole rows
    bool ends_early = false;
    std::string fault;  ///< empty = all is well
};
WebpPixels read_webp_pixels(std::span<const std::byte> bytes, const WebpFile& file);

}  // namespace yolodata
