// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heif_coded_size.hpp"

namespace yolodata {

/// One HEVC picture: the whole one, or a tile of a grid.
struct HevcPicture {
    std::span<const std::byte> config;  ///< the content of its hvcC box
    std::span<const std::byte> data;    ///< NAL units, each behind its length
};

/// What the boxes of an AVIF or HEIC file say, before any decoder sees it.
struct HeifFile {
    std::string fault;        ///< why no picture can be made of them; empty = it can
    bool ends_early = false;  ///< … the file ends within them
    bool only_track = false;  ///< … a sequence without a still picture
    std::uint64_t end = 0;    ///< offset behind the last box
    /// Offset behind the last byte that its boxes and items name: more than the file has = cut.
    std::uint64_t needs = 0;
    std::uint32_t codec = 0;              ///< of the coded pictures: "hvc1", "av01" …
    int width = 0, height = 0;            ///< px of the primary picture, as coded
    int crop_width = 0, crop_height = 0;  ///< px that are shown of it (clap), not turned
    int orientation = 1;                  ///< EXIF, 1…8
    int turn = 1;    ///< irot and imir, as the EXIF orientation that shows the same
    int frames = 1;  ///< of its track, where it has one
    bool lacks_data =
        false;  ///< a picture has not one byte: nothing for libheif, whose 1.15 leaks there
    bool gray = false;
    std::vector<HevcPicture> hevc;  ///< what the primary picture is made of; views of the bytes …
    std::vector<std::vector<std::byte>> joined;  ///< … or of these: data that lies in pieces
    /// The largest picture that a decoder may have to make room for: coded picture, tile or canvas.
    CodedSize largest;
};

/// Never throws for bad content. `bytes` may be the first part of a file, as long as it holds the
/// meta box; `needs` tells how much there should be.
HeifFile read_heif_file(std::span<const std::byte> bytes);

}  // namespace yolodata
