// SPDX-License-Identifier: Apache-2.0
// make_corpus FOLDER: draws the picture seeds FOLDER/{jpeg,png,image}/… as they are checked in.
#include <tiffio.h>
#include <webp/encode.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "drawn.hpp"

namespace {

namespace fs = std::filesystem;
using yolodata::Picture;
using yolodata::test::Bytes;

void save(const fs::path& path, const Bytes& bytes) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
}

void draw_jpegs(const fs::path& to) {
    using namespace yolodata::test;
    const Bytes plain = make_jpeg({});
    save(to / "baseline", plain);
    save(to / "progressive", make_jpeg({.progressive = true}));
    save(to / "arithmetic", make_jpeg({.arithmetic = true}));
    save(to / "gray", make_jpeg({.width = 33, .height = 17, .gray = true}));
    save(to / "cmyk", make_jpeg({.width = 24, .height = 24, .cmyk = true}));
    save(to / "scans", make_jpeg({.interleaved = false}));
    save(to / "restarts", make_jpeg({.restart_rows = 1}));
    save(to / "exif", with_segment(plain, 0xE1, std::string("Exif\0\0", 6) + exif_block(6)));
    save(to / "tail", join(plain, to_bytes("tail")));
    save(to / "no_end", Bytes(plain.begin(), plain.end() - 2));
    save(to / "half", Bytes(plain.begin(), plain.begin() + static_cast<long>(plain.size() / 2)));
}

void draw_pngs(const fs::path& to) {
    using namespace yolodata::test;
    const Bytes plain = make_png({});
    save(to / "rgb", plain);
    save(to / "gray1", make_png({.colour_type = 0, .bit_depth = 1}));
    save(to / "gray16", make_png({.colour_type = 0, .bit_depth = 16}));
    save(to / "palette4", make_png({.colour_type = 3, .bit_depth = 4, .transparent_colour = true}));
    save(to / "gray_alpha", make_png({.colour_type = 4, .alpha_value = 9}));
    save(to / "rgba16_interlaced",
         make_png({.colour_type = 6, .bit_depth = 16, .interlaced = true}));
    save(to / "rgb_key", make_png({.interlaced = true, .transparent_colour = true}));
    save(to / "exif", with_chunk(plain, "eXIf", exif_block(6)));
    save(to / "animated", with_chunk(plain, "acTL", std::string("\0\0\0\2\0\0\0\0", 8)));
    save(to / "tail", join(plain, to_bytes("tail")));
    save(to / "half", Bytes(plain.begin(), plain.begin() + static_cast<long>(plain.size() / 2)));
}

void little(Bytes& out, std::uint32_t value, int size) {
    for (int i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> 8 * i));
}

Bytes make_bmp(const Picture& picture, std::uint32_t bits, bool top_down) {
    const auto width = static_cast<std::uint32_t>(picture.width);
    const auto height = static_cast<std::uint32_t>(picture.height);
    const std::uint32_t row = (width * bits / 8 + 3) / 4 * 4, colours = bits == 8 ? 256 : 0;
    Bytes out = yolodata::test::to_bytes("BM");
    for (const std::uint32_t v : {54 + colours * 4 + row * height, 0U, 54 + colours * 4, 40U, width,
                                  top_down ? 0U - height : height})
        little(out, v, 4);
    little(out, 1, 2), little(out, bits, 2);
    for (const std::uint32_t v : {0U, row * height, 2835U, 2835U, colours, 0U}) little(out, v, 4);
    for (std::uint32_t i = 0; i < colours; ++i) little(out, i * 0x010101, 4);
    for (int y = 0; y < picture.height; ++y) {
        const std::size_t begin = out.size();
        for (int x = 0; x < picture.width; ++x)
            for (std::uint32_t c = 0; c < bits / 8; ++c)
                out.push_back(std::byte{picture.row(y)[3 * x + static_cast<int>(c % 3)]});
        out.resize(begin + row);
    }
    return out;
}

void draw_webp(const fs::path& path, const Picture& picture, bool lossless) {
    std::uint8_t* coded = nullptr;
    const int stride = picture.width * 3;
    const std::size_t size = lossless ? WebPEncodeLosslessRGB(picture.rgb.data(), picture.width,
                                                              picture.height, stride, &coded)
                                      : WebPEncodeRGB(picture.rgb.data(), picture.width,
                                                      picture.height, stride, 70, &coded);
    const auto* first = reinterpret_cast<const std::byte*>(coded);
    save(path, Bytes(first, first + size));
    WebPFree(coded);
}

void draw_tiff(const fs::path& path, const Picture& picture, int compression, int pages) {
    TIFF* tiff = TIFFOpen(path.c_str(), "w");
    for (int page = 0; page < pages; ++page) {
        TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture.width);
        TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture.height);
        TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
        TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
        TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
        TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_RGB);
        TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
        TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 8);
        for (int y = 0; y < picture.height; ++y)
            TIFFWriteScanline(tiff, const_cast<std::uint8_t*>(picture.row(y)),
                              static_cast<std::uint32_t>(y), 0);
        TIFFWriteDirectory(tiff);
    }
    TIFFClose(tiff);
}

void draw_others(const fs::path& to) {
    fs::create_directories(to);
    const Picture picture = yolodata::test::draw(24, 20);
    for (const std::uint32_t bits : {8U, 24U, 32U})
        save(to / ("bmp" + std::to_string(bits)), make_bmp(picture, bits, bits == 32));
    draw_webp(to / "webp", picture, false);
    draw_webp(to / "webp_lossless", picture, true);
    draw_tiff(to / "tiff", picture, COMPRESSION_NONE, 1);
    draw_tiff(to / "tiff_lzw", picture, COMPRESSION_LZW, 1);
    draw_tiff(to / "tiff_deflate", picture, COMPRESSION_ADOBE_DEFLATE, 2);
    draw_tiff(to / "tiff_jpeg", picture, COMPRESSION_JPEG, 1);
    draw_tiff(to / "tiff_packbits", picture, COMPRESSION_PACKBITS, 1);
    save(to / "gif", yolodata::test::to_bytes("GIF89a\x10\x01\x10\x01 and so on"));
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: make_corpus FOLDER\n";
        return 2;
    }
    const fs::path to = argv[1];
    draw_jpegs(to / "jpeg");
    draw_pngs(to / "png");
    draw_others(to / "image");
}
