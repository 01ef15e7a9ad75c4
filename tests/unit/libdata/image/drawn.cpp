// SPDX-License-Identifier: Apache-2.0
#include "drawn.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

#include "yolodata/core/random.hpp"

namespace yolodata::test {
namespace {

// An ink a component, as files from Adobe's programs hold them: inverted.
std::vector<std::uint8_t> to_cmyk(const Picture& picture) {
    std::vector<std::uint8_t> inks;
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3)
        inks.insert(inks.end(), {picture.rgb[i], picture.rgb[i + 1], picture.rgb[i + 2], 200});
    return inks;
}

std::vector<std::uint8_t> to_gray(const Picture& picture) {
    std::vector<std::uint8_t> gray;
    for (std::size_t i = 0; i < picture.rgb.size(); i += 3) gray.push_back(picture.rgb[i]);
    return gray;
}

std::string big_endian(std::uint32_t value, int size) {
    std::string text;
    for (int i = size - 1; i >= 0; --i) text += static_cast<char>(value >> 8 * i);
    return text;
}

std::string chunk_text(std::string_view name, std::string_view content) {
    const std::string body = std::string(name) + std::string(content);
    const auto crc =
        crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    return big_endian(static_cast<std::uint32_t>(content.size()), 4) + body +
           big_endian(static_cast<std::uint32_t>(crc), 4);
}

std::vector<std::uint8_t> png_row(const PngKind& kind, const Picture& picture, int y) {
    std::vector<std::uint8_t> row;
    for (int x = 0; x < kind.width; ++x) {
        const std::uint8_t* pixel = picture.row(y) + 3 * x;
        std::vector<std::uint8_t> samples;
        if (kind.colour_type == PNG_COLOR_TYPE_PALETTE)
            samples = {static_cast<std::uint8_t>(pixel[0] / 64)};
        else if ((kind.colour_type & PNG_COLOR_MASK_COLOR) != 0)
            samples = {pixel[0], pixel[1], pixel[2]};
        else
            samples = {pixel[0]};
        if ((kind.colour_type & PNG_COLOR_MASK_ALPHA) != 0)
            samples.push_back(static_cast<std::uint8_t>(x == 3 && y == 2 ? kind.alpha_value : 255));
        for (std::uint8_t sample : samples) {
            row.push_back(sample);
            if (kind.bit_depth == 16) row.push_back(sample == 255 ? 255 : 77);
        }
    }
    return row;
}

}  // namespace

Picture draw(int width, int height) {
    Picture picture(width, height);
    Random noise(1, 0, 0, Purpose::hsv);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            std::uint8_t* pixel = picture.row(y) + 3 * x;
            pixel[0] = static_cast<std::uint8_t>(
                std::min<std::uint64_t>(255, 255u * x / width + noise.below(40)));
            pixel[1] = static_cast<std::uint8_t>(
                std::min<std::uint64_t>(255, 255u * y / height + noise.below(20)));
            pixel[2] = static_cast<std::uint8_t>((x / 8 + y / 8) % 2 * 120 + noise.below(30));
        }
    return picture;
}

Bytes make_jpeg(const JpegKind& kind) {
    const Picture picture = draw(kind.width, kind.height);
    std::vector<std::uint8_t> pixels = kind.cmyk   ? to_cmyk(picture)
                                       : kind.gray ? to_gray(picture)
                                                   : picture.rgb;
    jpeg_compress_struct info;
    jpeg_error_mgr errors;
    info.err = jpeg_std_error(&errors);  // the tests' own mistakes may end the process
    jpeg_create_compress(&info);
    unsigned char* coded = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&info, &coded, &size);
    info.image_width = static_cast<JDIMENSION>(kind.width);
    info.image_height = static_cast<JDIMENSION>(kind.height);
    info.input_components = kind.cmyk ? 4 : kind.gray ? 1 : 3;
    info.in_color_space = kind.cmyk ? JCS_CMYK : kind.gray ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, kind.quality, TRUE);
    if (!kind.gray)
        info.comp_info[0].h_samp_factor = info.comp_info[0].v_samp_factor = kind.sampling;
    info.arith_code = kind.arithmetic ? TRUE : FALSE;
    info.restart_in_rows = kind.restart_rows;
    if (kind.progressive) jpeg_simple_progression(&info);
    jpeg_scan_info scans[3] = {{1, {0}, 0, 63, 0, 0}, {1, {1}, 0, 63, 0, 0}, {1, {2}, 0, 63, 0, 0}};
    if (!kind.interleaved) info.scan_info = scans, info.num_scans = 3;
    jpeg_start_compress(&info, TRUE);
    if (!kind.comment.empty())
        jpeg_write_marker(&info, JPEG_COM, reinterpret_cast<const JOCTET*>(kind.comment.data()),
                          static_cast<unsigned>(kind.comment.size()));
    while (info.next_scanline < info.image_height) {
        JSAMPROW row = pixels.data() + std::size_t{info.next_scanline} * info.image_width *
                                           static_cast<std::size_t>(info.input_components);
        jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    const auto* first = reinterpret_cast<const std::byte*>(coded);
    Bytes bytes(first, first + size);
    std::free(coded);
    return bytes;
}

Bytes make_png(const PngKind& kind) {
    const Picture picture = draw(kind.width, kind.height);
    std::vector<std::vector<std::uint8_t>> rows;
    std::vector<png_bytep> pointers;
    for (int y = 0; y < kind.height; ++y) rows.push_back(png_row(kind, picture, y));
    for (auto& row : rows) pointers.push_back(row.data());

    Bytes bytes;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(
        png, &bytes,
        [](png_structp p, png_bytep data, std::size_t size) {
            const auto* first = reinterpret_cast<const std::byte*>(data);
            auto& to = *static_cast<Bytes*>(png_get_io_ptr(p));
            to.insert(to.end(), first, first + size);
        },
        nullptr);
    png_set_IHDR(png, info, static_cast<png_uint_32>(kind.width),
                 static_cast<png_uint_32>(kind.height), kind.bit_depth, kind.colour_type,
                 kind.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, 0, 0);
    const png_color palette[4] = {{0, 0, 0}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}};
    if (kind.colour_type == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette, 4);
    if (kind.transparent_colour) {
        const png_byte alpha[1] = {0};
        const std::uint8_t* first = picture.row(0);
        const png_color_16 colour{0, first[0], first[1], first[2], first[0]};
        if (kind.colour_type == PNG_COLOR_TYPE_PALETTE)
            png_set_tRNS(png, info, alpha, 1, nullptr);
        else
            png_set_tRNS(png, info, nullptr, 0, &colour);
    }
    png_write_info(png, info);
    if (kind.bit_depth < 8) png_set_packing(png);
    if (kind.interlaced) png_set_interlace_handling(png);
    png_write_image(png, pointers.data());
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return bytes;
}

Bytes with_segment(const Bytes& jpeg, int marker, std::string_view content) {
    const std::string segment = std::string(1, '\xFF') + static_cast<char>(marker) +
                                big_endian(static_cast<std::uint32_t>(content.size()) + 2, 2) +
                                std::string(content);
    return join(join(Bytes(jpeg.begin(), jpeg.begin() + 2), to_bytes(segment)),
                Bytes(jpeg.begin() + 2, jpeg.end()));
}

std::string exif_block(int orientation, bool little_endian) {
    auto number = [&](std::uint32_t value, int size) {
        std::string text = big_endian(value, size);
        if (little_endian) std::reverse(text.begin(), text.end());
        return text;
    };
    return std::string(little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) +
           number(0x0112, 2) + number(3, 2) + number(1, 4) +
           number(static_cast<std::uint32_t>(orientation), 2) + number(0, 2) + number(0, 4);
}

Bytes png_chunk(std::string_view name, std::string_view content) {
    return to_bytes(chunk_text(name, content));
}

Bytes with_chunk(const Bytes& png, std::string_view name, std::string_view content) {
    constexpr int header_end = 8 + 25;
    return join(join(Bytes(png.begin(), png.begin() + header_end), png_chunk(name, content)),
                Bytes(png.begin() + header_end, png.end()));
}

Bytes read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return to_bytes(std::string(std::istreambuf_iterator<char>(file), {}));
}

Bytes to_bytes(std::string_view text) {
    const auto* first = reinterpret_cast<const std::byte*>(text.data());
    return {first, first + text.size()};
}

Bytes join(const Bytes& a, const Bytes& b) {
    Bytes both = a;
    both.insert(both.end(), b.begin(), b.end());
    return both;
}

}  // namespace yolodata::test
