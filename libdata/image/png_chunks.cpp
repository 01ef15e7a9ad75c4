// SPDX-License-Identifier: Apache-2.0
#include "png_chunks.hpp"

#include <algorithm>
#include <cstring>

#include <zlib.h>

#include "exif.hpp"

namespace yolodata {
namespace {

constexpr std::size_t signature_size = 8, frame_size = 12;  // a chunk: length, name, content, CRC
constexpr std::uint32_t max_length = 0x7fffffff;

std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + i]);
    return value;
}

bool is_name(const std::string& name) {
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); });
}

bool read_header(std::span<const std::byte> content, PngChunks& png) {
    if (content.size() != 13) return false;
    png.width = big_endian(content, 0);
    png.height = big_endian(content, 4);
    png.bit_depth = std::to_integer<int>(content[8]);
    png.colour_type = std::to_integer<int>(content[9]);
    png.interlaced = content[12] == std::byte{1};
    auto depth_in = [&](std::initializer_list<int> allowed) {
        return std::find(allowed.begin(), allowed.end(), png.bit_depth) != allowed.end();
    };
    const bool depth_fits = png.colour_type == 0   ? depth_in({1, 2, 4, 8, 16})
                            : png.colour_type == 3 ? depth_in({1, 2, 4, 8})
                                                   : depth_in({8, 16});
    const bool type_known = png.colour_type == 0 || png.colour_type == 2 || png.colour_type == 3 ||
                            png.colour_type == 4 || png.colour_type == 6;
    return png.width != 0 && png.height != 0 && png.width <= max_length &&
           png.height <= max_length && type_known && depth_fits && content[10] == std::byte{0} &&
           content[11] == std::byte{0} && content[12] <= std::byte{1};
}

// A length that reaches beyond the file means a cut file, unless the file has its proper end: then
// the length is wrong.
bool has_proper_end(std::span<const std::byte> bytes) {
    static constexpr unsigned char iend[12] = {0,   0,   0,    0,    'I',  'E',
                                               'N', 'D', 0xAE, 0x42, 0x60, 0x82};
    return bytes.size() >= sizeof iend &&
           std::memcmp(bytes.data() + bytes.size() - sizeof iend, iend, sizeof iend) == 0;
}

}  // namespace

PngChunks walk_png(std::span<const std::byte> bytes) {
    PngChunks png;
    auto fail = [&](PngFault fault) {
        png.fault = fault;
        return png;
    };
    bool pixels = false;
    for (std::size_t at = signature_size;;) {
        png.offset = at;
        png.chunk.clear();
        if (bytes.size() - at < 8) return fail(PngFault::ends_early);
        const std::uint32_t length = big_endian(bytes, at);
        png.chunk.assign(reinterpret_cast<const char*>(bytes.data()) + at + 4, 4);
        if (!is_name(png.chunk)) {
            png.chunk.clear();
            return fail(PngFault::bad_chunk);
        }
        const bool first = at == signature_size;
        if (first != (png.chunk == "IHDR")) return fail(PngFault::bad_header);
        if (length > max_length || (length != 0 && png.chunk == "IEND"))
            return fail(PngFault::bad_chunk);
        if (bytes.size() - at < frame_size + length)
            return fail(has_proper_end(bytes) ? PngFault::bad_chunk : PngFault::ends_early);
        const auto content = bytes.subspan(at + 8, length);
        png.stored_crc = big_endian(bytes, at + 8 + length);
        png.computed_crc = static_cast<std::uint32_t>(
            crc32(0, reinterpret_cast<const Bytef*>(bytes.data()) + at + 4, length + 4));
        if (first && !read_header(content, png)) {
            const bool damaged = png.stored_crc != png.computed_crc;
            return fail(damaged ? PngFault::bad_crc : PngFault::bad_header);
        }
        if (png.stored_crc != png.computed_crc) return fail(PngFault::bad_crc);
        at += frame_size + length;
        pixels = pixels || png.chunk == "IDAT";
        if (png.chunk == "tRNS") png.transparency = true;
        if (png.chunk == "eXIf") png.orientation = exif_orientation(content);
        if (png.chunk == "acTL" && !pixels && length >= 4)
            png.frames = std::max(1u, big_endian(content, 0));
        if (png.chunk == "IEND") {
            png.end = at;
            return fail(PngFault::none);
        }
    }
}

}  // namespace yolodata
