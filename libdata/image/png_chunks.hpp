// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace yolodata {

/// The first fault in the chain of chunks.
enum class PngFault : std::uint8_t {
    none,
    ends_early,  ///< the file ends inside a chunk, or without IEND
    bad_crc,
    bad_chunk,   ///< a name or length that cannot be
    bad_header,  ///< IHDR missing, misplaced or with values outside the standard
};

/// What the chunks of a PNG say, without looking at pixels.
struct PngChunks {
    std::uint32_t width = 0, height = 0;
    int bit_depth = 0, colour_type = 0;
    bool interlaced = false;
    bool transparency = false;  ///< tRNS
    std::uint32_t frames = 1;   ///< acTL before the pixels
    int orientation = 1;        ///< eXIf
    std::size_t end = 0;        ///< offset behind IEND; 0 = there is none

    PngFault fault = PngFault::none;
    std::string chunk;       ///< name of the chunk of the fault
    std::size_t offset = 0;  ///< where that chunk starts
    std::uint32_t stored_crc = 0, computed_crc = 0;
};

/// Walks from the signature (which must be there) to IEND or the first fault.
PngChunks walk_png(std::span<const std::byte> bytes);

}  // namespace yolodata
