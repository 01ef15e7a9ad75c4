// SPDX-License-Identifier: Apache-2.0
#include <new>
#include <vector>

#include <fmt/format.h>

#include "codecs.hpp"
#include "png_chunks.hpp"
#include "png_reader.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

void check_chunks(const PngChunks& chunks) {
    const char* what = nullptr;
    switch (chunks.fault) {
        case PngFault::none:
            return;
        case PngFault::ends_early:
            what = "the file ends too early";
            break;
        case PngFault::bad_crc:
            what = "CRC error";
            break;
        case PngFault::bad_chunk:
            what = "impossible chunk";
            break;
        case PngFault::bad_header:
            what = "impossible header";
            break;
    }
    throw Error(ErrorKind::corrupt, fmt::format("damaged PNG: {} (chunk {} at byte {})", what,
                                                chunks.chunk, chunks.offset));
}

void to_rgb8(png_structp png) {
    png_set_expand(png);  // palettes and 1, 2, 4 bits
    png_set_strip_16(png);
    png_set_strip_alpha(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
}

}  // namespace

Decoded decode_png(std::span<const std::byte> bytes, const DecodeOptions& options) {
    const PngChunks chunks = walk_png(bytes);
    check_chunks(chunks);
    const int width = static_cast<int>(chunks.width), height = static_cast<int>(chunks.height);
    refuse_bombs(width, height, options);
    PngReader reader(bytes);
    Decoded decoded{Picture(width, height), chunks.orientation};
    const bool read = reader.guarded([&] {
        png_read_info(reader.png, reader.info);
        to_rgb8(reader.png);
        png_read_update_info(reader.png, reader.info);
        if (png_get_rowbytes(reader.png, reader.info) != static_cast<std::size_t>(width) * 3)
            png_error(reader.png, "unexpected row size");
        for (int pass = 0; pass < (chunks.interlaced ? 7 : 1); ++pass)
            for (int y = 0; y < height; ++y)
                png_read_row(reader.png, decoded.picture.row(y), nullptr);
        png_read_end(reader.png, nullptr);
    });
    if (reader.out_of_memory()) throw std::bad_alloc();
    if (!read) throw Error(ErrorKind::corrupt, fmt::format("damaged PNG: {}", reader.error()));
    if (reader.warning()[0] != '\0')
        throw Error(ErrorKind::corrupt, fmt::format("damaged PNG: {}", reader.warning()));
    return decoded;
}

}  // namespace yolodata
