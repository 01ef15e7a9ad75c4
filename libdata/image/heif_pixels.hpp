// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "heif_file.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

/// What libheif made of the primary picture of an AVIF or HEIC file.
struct HeifPixels {
    Picture picture;  ///< 8-bit RGB; empty where there is a fault
    bool alpha = false, opaque = true;
    int bits = 8;                 ///< a channel, as coded
    int pictures = 1;             ///< in the file, thumbnails and parts of others not counted
    std::string fault;            ///< libheif's words
    bool opened = false;          ///< … of its pixels: its boxes could be read
    bool is_unsupported = false;  ///< … the file may be sound
    bool is_shown = false;        ///< … and a laxer decoder shows a picture all the same
};

/// `turned`: crop, turn and mirror as the file says (clap, irot, imir). Throws std::bad_alloc.
HeifPixels read_heif_pixels(std::span<const std::byte> bytes, const HeifFile& file, bool turned);

/// Why pictures of that codec cannot be decoded here, with the remedy; empty = they can.
std::string heif_obstacle(std::uint32_t codec);

/// Bytes that decoding takes at most, beside the file: the decoder's frames and their conversions.
std::uint64_t heif_memory(const HeifFile& file);

}  // namespace yolodata
