// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include <tiffio.h>
#include <webp/encode.h>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using test::Bytes;

Bytes cut(const Bytes& bytes, std::size_t size) {
    return {bytes.begin(), bytes.begin() + static_cast<long>(size)};
}

Bytes make_webp(const Picture& picture, bool lossless) {
    std::uint8_t* coded = nullptr;
    const std::size_t size = lossless
                                 ? WebPEncodeLosslessRGB(picture.rgb.data(), picture.width,
                                                         picture.height, picture.width * 3, &coded)
                                 : WebPEncodeRGB(picture.rgb.data(), picture.width, picture.height,
                                                 picture.width * 3, 80, &coded);
    const auto* first = reinterpret_cast<const std::byte*>(coded);
    Bytes bytes(first, first + size);
    WebPFree(coded);
    return bytes;
}

struct TiffKind {
    int width = 40, height = 30, samples = 3, bits = 8, compression = COMPRESSION_NONE,
        rows_per_strip = 8;
    int orientation = 1, pages = 1, format = SAMPLEFORMAT_UINT;
    bool tiled = false;
};

// libtiff writing into memory.
struct TiffSink {
    std::string bytes;
    std::size_t position = 0;
};

Bytes make_tiff(const TiffKind& kind) {
    TiffSink sink;
    TIFF* t = TIFFClientOpen(
        "memory", "w", &sink,
        [](thandle_t h, void* to, tmsize_t size) -> tmsize_t {
            auto& s = *static_cast<TiffSink*>(h);
            const auto count = std::min(static_cast<std::size_t>(size),
                                        s.bytes.size() - std::min(s.position, s.bytes.size()));
            std::memcpy(to, s.bytes.data() + s.position, count);
            s.position += count;
            return static_cast<tmsize_t>(count);
        },
        [](thandle_t h, void* from, tmsize_t size) -> tmsize_t {
            auto& s = *static_cast<TiffSink*>(h);
            s.bytes.resize(std::max(s.bytes.size(), s.position + static_cast<std::size_t>(size)));
            std::memcpy(s.bytes.data() + s.position, from, static_cast<std::size_t>(size));
            s.position += static_cast<std::size_t>(size);
            return size;
        },
        [](thandle_t h, toff_t offset, int whence) -> toff_t {
            auto& s = *static_cast<TiffSink*>(h);
            return s.position = (whence == SEEK_SET   ? 0
                                 : whence == SEEK_CUR ? s.position
                                                      : s.bytes.size()) +
                                offset;
        },
        [](thandle_t) { return 0; },
        [](thandle_t h) -> toff_t { return static_cast<TiffSink*>(h)->bytes.size(); },
        [](thandle_t, void**, toff_t*) { return 0; }, [](thandle_t, void*, toff_t) {});
    const Picture picture = test::draw(kind.width, kind.height);
    for (int page = 0; page < kind.pages; ++page) {
        TIFFSetField(t, TIFFTAG_IMAGEWIDTH, kind.width);
        TIFFSetField(t, TIFFTAG_IMAGELENGTH, kind.height);
        TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, kind.bits);
        TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, kind.samples);
        TIFFSetField(t, TIFFTAG_SAMPLEFORMAT, kind.format);
        TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
        TIFFSetField(t, TIFFTAG_PHOTOMETRIC,
                     kind.samples < 3 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
        TIFFSetField(t, TIFFTAG_COMPRESSION, kind.compression);
        TIFFSetField(t, TIFFTAG_ORIENTATION, kind.orientation);
        if (kind.samples == 4) {
            std::uint16_t alpha = EXTRASAMPLE_UNASSALPHA;
            TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, &alpha);
        }
        const int size = kind.bits / 8, pixel = kind.samples * size;
        auto value = [&](int x, int y, int c) {
            return c == 3 ? (x == 5 && y == 5 ? 9 : 255)
                          : int{picture.row(y)[3 * x + std::min(c, 2)]};
        };
        auto put = [&](std::string& row, int x, int y) {
            for (int c = 0; c < kind.samples; ++c)
                for (int b = 0; b < size; ++b)
                    row += static_cast<char>(value(x, y, c));  // v · 257 in 16 bits
        };
        if (kind.tiled) {
            TIFFSetField(t, TIFFTAG_TILEWIDTH, 16);
            TIFFSetField(t, TIFFTAG_TILELENGTH, 16);
            for (int y0 = 0; y0 < kind.height; y0 += 16)
                for (int x0 = 0; x0 < kind.width; x0 += 16) {
                    std::string tile;
                    for (int y = y0; y < y0 + 16; ++y)
                        for (int x = x0; x < x0 + 16; ++x) {
                            if (x < kind.width && y < kind.height)
                                put(tile, x, y);
                            else
                                tile.append(static_cast<std::size_t>(pixel), '\0');
                        }
                    TIFFWriteTile(t, tile.data(), static_cast<std::uint32_t>(x0),
                                  static_cast<std::uint32_t>(y0), 0, 0);
                }
        } else {
            TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, kind.rows_per_strip);
            for (int y = 0; y < kind.height; ++y) {
                std::string row;
                for (int x = 0; x < kind.width; ++x) put(row, x, y);
                TIFFWriteScanline(t, row.data(), static_cast<std::uint32_t>(y), 0);
            }
        }
        TIFFWriteDirectory(t);
    }
    TIFFClose(t);
    return test::to_bytes(sink.bytes);
}

TEST(Webp, LosslessAndLossy) {
    const Picture drawn = test::draw(50, 40);
    const Bytes bytes = make_webp(drawn, true);
    const ImageReport report = check_image(bytes);
    EXPECT_TRUE(report.whole);
    EXPECT_TRUE(report.issues.empty());
    EXPECT_EQ(report.end, bytes.size());
    EXPECT_EQ(report.width, 50);
    EXPECT_EQ(check_image(bytes, {.header_only = true}).width, 50);
    EXPECT_EQ(decode(bytes).rgb, drawn.rgb);
    EXPECT_TRUE(check_image(make_webp(drawn, false)).whole);
}

TEST(Webp, CutAtEveryByte) {
    for (bool lossless : {true, false}) {
        const Bytes bytes = make_webp(test::draw(24, 20), lossless);
        for (std::size_t size = 12; size < bytes.size(); ++size) {
            const ImageReport report = check_image(cut(bytes, size));
            ASSERT_EQ(report.issues.size(), 1u) << size;
            ASSERT_EQ(report.issues[0].rule, ImageRule::truncated)
                << size << ' ' << report.issues[0].message;
            EXPECT_EQ(report.issues[0].verdict, Verdict::drops_image);
            EXPECT_THROW(decode(cut(bytes, size)), Error);
        }
    }
}

TEST(Webp, TrailingBytesAndLimits) {
    const Bytes bytes = make_webp(test::draw(24, 20), true);
    const ImageReport report = check_image(test::join(bytes, Bytes(10)));
    ASSERT_TRUE(report.find(ImageRule::trailing_data));
    EXPECT_TRUE(report.whole);
    EXPECT_TRUE(check_image(bytes, {.max_pixels = 479}).find(ImageRule::too_large));
    EXPECT_TRUE(check_image(make_webp(test::draw(24, 9), true)).find(ImageRule::too_small));
}

TEST(Webp, DamageInsideIsSeenWhereTheCodecCan) {
    const Bytes bytes = make_webp(test::draw(40, 40), true);
    int seen = 0;
    for (std::uint64_t i = 0; i < 200; ++i) {
        Random random(5, 0, i, Purpose::choice);
        Bytes damaged = bytes;
        damaged[40 + random.below(bytes.size() - 40)] ^=
            static_cast<std::byte>(1 << random.below(8));
        seen += check_image(damaged).find(ImageRule::corrupt_data) != nullptr ||
                check_image(damaged).find(ImageRule::truncated) != nullptr;
    }
    EXPECT_GT(seen, 5);  // the stream has no checksum: what decodes to the end is taken
}

TEST(Tiff, EveryCompression) {
    const Picture drawn = test::draw(40, 30);
    for (int compression :
         {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS})
        for (bool tiled : {false, true}) {
            TiffKind kind;
            kind.compression = compression, kind.tiled = tiled;
            const Bytes bytes = make_tiff(kind);
            const ImageReport report = check_image(bytes);
            EXPECT_TRUE(report.whole) << compression;
            EXPECT_EQ(check_image(bytes, {.header_only = true}).height, 30);
            EXPECT_TRUE(report.issues.empty());
            EXPECT_EQ(decode(bytes).rgb, drawn.rgb);
        }
}

TEST(Tiff, AlphaGrayAndSixteenBits) {
    const Picture drawn = test::draw(40, 30);
    TiffKind kind;
    kind.samples = 4;
    const ImageReport alpha = check_image(make_tiff(kind));
    EXPECT_FALSE(alpha.opaque);
    ASSERT_TRUE(alpha.find(ImageRule::colour_mode));
    EXPECT_EQ(alpha.issues[0].severity, Severity::warning);
    EXPECT_EQ(decode(make_tiff(kind)).rgb, drawn.rgb);  // the colours are not multiplied by it
    kind.samples = 3, kind.bits = 16;
    const ImageReport deep = check_image(make_tiff(kind));
    ASSERT_TRUE(deep.find(ImageRule::colour_mode));
    EXPECT_EQ(deep.issues[0].severity, Severity::warning);
    EXPECT_EQ(decode(make_tiff(kind)).rgb, drawn.rgb);
    kind.samples = 1, kind.bits = 8;
    EXPECT_EQ(check_image(make_tiff(kind)).mode, ColourMode::gray);
    EXPECT_EQ(decode(make_tiff(kind)).rgb[1], drawn.rgb[0]);
}

TEST(Tiff, UnsupportedKindsAreNamed) {
    TiffKind kind;
    kind.samples = 7;
    const ImageReport bands = check_image(make_tiff(kind));
    ASSERT_EQ(bands.issues.size(), 1u);
    EXPECT_EQ(bands.issues[0].rule, ImageRule::unsupported_format);
    EXPECT_THAT(bands.issues[0].message, ::testing::HasSubstr("7 bands"));
    kind.samples = 1, kind.bits = 32, kind.format = SAMPLEFORMAT_IEEEFP;
    EXPECT_TRUE(check_image(make_tiff(kind)).find(ImageRule::unsupported_format));
    EXPECT_THROW(decode(make_tiff(kind)), Error);
}

TEST(Tiff, PagesAndOrientation) {
    TiffKind kind;
    kind.pages = 3;
    const ImageReport pages = check_image(make_tiff(kind));
    ASSERT_TRUE(pages.find(ImageRule::multi_frame));
    EXPECT_EQ(pages.frames, 3);
    kind.pages = 1, kind.orientation = 6;
    const ImageReport turned = check_image(make_tiff(kind));
    ASSERT_TRUE(turned.find(ImageRule::exif_rotated));
    EXPECT_EQ(turned.width, 30);
    const Picture shown = decode(make_tiff(kind));
    EXPECT_EQ(shown.width, 30);
    const Picture drawn = test::draw(40, 30);
    EXPECT_EQ(shown.row(0)[0], drawn.row(29)[0]);
}

TEST(Tiff, CutBeforeItsDirectory) {
    const Bytes bytes = make_tiff({});  // libtiff writes the directory last
    for (std::size_t size = 8; size < bytes.size(); size += 7) {
        const ImageReport report = check_image(cut(bytes, size));
        ASSERT_EQ(report.issues.size(), 1u);
        ASSERT_FALSE(report.whole) << size;
        EXPECT_EQ(report.issues[0].verdict, Verdict::drops_image);
        EXPECT_THROW(decode(cut(bytes, size)), Error);
    }
    EXPECT_EQ(check_image(cut(bytes, 100)).issues[0].rule, ImageRule::truncated);
}

// The directory of a gray picture of one strip holds all its values itself, so that it can be put
// first.
Bytes directory_first(const Bytes& bytes) {
    auto number = [&bytes](std::size_t at, std::size_t size) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::to_integer<std::size_t>(bytes[at + i]) << 8 * i;
        return value;
    };
    const std::size_t old = number(4, 4), entries = number(old, 2), length = 2 + 12 * entries + 4;
    Bytes turned = cut(bytes, 8);
    turned[4] = std::byte{8}, turned[5] = std::byte{0};
    turned.insert(turned.end(), bytes.begin() + static_cast<long>(old),
                  bytes.begin() + static_cast<long>(old + length));
    for (std::size_t i = 0; i < entries; ++i)
        if (const std::size_t at = 8 + 2 + 12 * i;
            turned[at] == std::byte{0x11} && turned[at + 1] == std::byte{1})
            turned[at + 8] = static_cast<std::byte>(8 + length), turned[at + 9] = std::byte{0};
    turned.insert(turned.end(), bytes.begin() + 8, bytes.begin() + static_cast<long>(old));
    return turned;
}

TEST(Tiff, CutInItsPixels) {
    TiffKind kind;
    kind.samples = 1, kind.rows_per_strip = 30;
    const Bytes plain = make_tiff(kind), bytes = directory_first(plain);
    ASSERT_TRUE(check_image(bytes).whole);
    ASSERT_EQ(decode(bytes).rgb, decode(plain).rgb);
    const std::size_t start = bytes.size() - 40 * 30;
    for (std::size_t size = start; size < bytes.size(); ++size) {
        const ImageReport report = check_image(cut(bytes, size));
        ASSERT_TRUE(report.find(ImageRule::truncated)) << size;
        EXPECT_EQ(report.find(ImageRule::truncated)->verdict, Verdict::aborts);
        EXPECT_THAT(report.find(ImageRule::truncated)->message,
                    ::testing::HasSubstr(std::to_string((size - start) / 40) + " of 30 rows"));
    }
}

TEST(Tiff, DamagedBytesNeverCrash) {
    for (int compression : {COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE}) {
        TiffKind kind;
        kind.compression = compression;
        const Bytes bytes = make_tiff(kind);
        int seen = 0;
        for (std::uint64_t i = 0; i < 400; ++i) {
            Random random(6, 0, i, Purpose::choice);
            Bytes damaged = bytes;
            for (int k = 0; k < 3; ++k)
                damaged[random.below(bytes.size())] = static_cast<std::byte>(random.bits());
            const ImageReport report = check_image(damaged);
            seen += !report.issues.empty();
            try {
                decode(damaged);
            } catch (const Error&) {
                EXPECT_FALSE(report.whole) << i;
            }
        }
        EXPECT_GT(seen, 100);
    }
}

}  // namespace
}  // namespace yolodata
