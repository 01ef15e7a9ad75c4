// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/image/encode.hpp"

namespace yolodata {
namespace {

using namespace std::string_literals;
using test::Bytes;

ErrorKind kind_of_failure(const Bytes& bytes, const DecodeOptions& options = {}) {
    try {
        decode(bytes, options);
    } catch (const Error& error) {
        return error.kind();
    }
    ADD_FAILURE() << "decoded";
    return ErrorKind::io;
}

int largest_difference(const Picture& a, const Picture& b) {
    int largest = 0;
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        largest = std::max(largest, std::abs(a.rgb[i] - b.rgb[i]));
    return largest;
}

// The number was computed from OpenCV 5.0's imread (tests/vectors/letterbox/letterbox.json).
TEST(Decode, PixelsOfOpenCv) {
    const Picture picture = decode(test::read_file(YOLO_VECTORS "/images/BloodImage_00143.jpg"));
    EXPECT_EQ(picture.width, 640);
    EXPECT_EQ(picture.height, 480);
    EXPECT_EQ(to_hex(sha256(std::as_bytes(std::span(picture.rgb)))),
              "90e2bf9a4c7bafde59fc11e97bb508586e5e733cc7ab5f8514a71d636a043585");
}

TEST(Decode, PngsOfEveryKind) {
    const Picture drawn = test::draw(40, 30);
    for (bool interlaced : {false, true}) {
        test::PngKind kind;
        kind.interlaced = interlaced;
        for (int type : {2, 6})
            for (int depth : {8, 16}) {
                kind.colour_type = type, kind.bit_depth = depth, kind.alpha_value = 3;
                EXPECT_EQ(decode(test::make_png(kind)).rgb, drawn.rgb) << type << ' ' << depth;
            }
        for (int type : {0, 4})
            for (int depth : {8, 16}) {
                kind.colour_type = type, kind.bit_depth = depth;
                const Picture gray = decode(test::make_png(kind));
                for (std::size_t i = 0; i < gray.rgb.size(); ++i)
                    ASSERT_EQ(gray.rgb[i], drawn.rgb[i - i % 3]);
            }
        kind.colour_type = 3, kind.bit_depth = 2;
        const Picture palette = decode(test::make_png(kind));
        for (std::size_t i = 0; i < palette.rgb.size(); i += 3) {
            const int index = drawn.rgb[i] / 64;
            for (int c = 0; c < 3; ++c)
                ASSERT_EQ(palette.rgb[i + static_cast<std::size_t>(c)], index == c + 1 ? 255 : 0);
        }
    }
}

TEST(Decode, GrayAndCmykJpegs) {
    test::JpegKind kind;
    kind.gray = true;
    const Picture gray = decode(test::make_jpeg(kind));
    for (std::size_t i = 0; i < gray.rgb.size(); i += 3) {
        ASSERT_EQ(gray.rgb[i], gray.rgb[i + 1]);
        ASSERT_EQ(gray.rgb[i], gray.rgb[i + 2]);
    }
    test::JpegKind cmyk;
    cmyk.cmyk = true, cmyk.quality = 100, cmyk.sampling = 1;
    Picture inks = test::draw(64, 48);
    for (auto& ink : inks.rgb) ink = static_cast<std::uint8_t>(200 - (((255 - ink) * 200) >> 8));
    EXPECT_LE(largest_difference(decode(test::make_jpeg(cmyk)), inks), 4);
}

TEST(Decode, TurnsByExif) {
    const Bytes plain = test::make_png({});
    const Picture stored = decode(plain);
    // Where the shown pixel (x, y) lies in the stored picture of w × h (EXIF 2.3, table of
    // Orientation).
    auto source = [](int orientation, int x, int y, int w, int h) -> std::pair<int, int> {
        switch (orientation) {
            case 2:
                return {w - 1 - x, y};
            case 3:
                return {w - 1 - x, h - 1 - y};
            case 4:
                return {x, h - 1 - y};
            case 5:
                return {y, x};
            case 6:
                return {y, h - 1 - x};
            case 7:
                return {w - 1 - y, h - 1 - x};
            case 8:
                return {w - 1 - y, x};
            default:
                return {x, y};
        }
    };
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const Bytes bytes = test::with_chunk(plain, "eXIf", test::exif_block(orientation));
        EXPECT_EQ(decode(bytes, {.apply_exif = false}).rgb, stored.rgb);
        const Picture shown = decode(bytes);
        ASSERT_EQ(shown.width, orientation < 5 ? 40 : 30);
        for (int y = 0; y < shown.height; ++y)
            for (int x = 0; x < shown.width; ++x) {
                const auto [sx, sy] = source(orientation, x, y, 40, 30);
                for (int c = 0; c < 3; ++c)
                    ASSERT_EQ(shown.row(y)[3 * x + c], stored.row(sy)[3 * sx + c])
                        << orientation << ' ' << x << ' ' << y;
            }
    }
}

TEST(Decode, Failures) {
    EXPECT_EQ(kind_of_failure({}), ErrorKind::corrupt);
    EXPECT_EQ(kind_of_failure(test::to_bytes("no picture at all")), ErrorKind::corrupt);
    EXPECT_EQ(kind_of_failure(test::to_bytes("GIF89a..........")), ErrorKind::unsupported);
    EXPECT_EQ(kind_of_failure(test::make_jpeg({}), {.max_pixels = 64 * 48 - 1}),
              ErrorKind::resource);
    EXPECT_EQ(kind_of_failure(test::make_png({}), {.max_pixels = 40 * 30 - 1}),
              ErrorKind::resource);
    Bytes jpeg = test::make_jpeg({});
    jpeg.resize(jpeg.size() / 2);
    EXPECT_EQ(kind_of_failure(jpeg), ErrorKind::corrupt);
}

TEST(Decode, AMissingEndMarkerIsNoDamage) {
    Bytes jpeg = test::make_jpeg({});
    const Picture whole = decode(jpeg);
    jpeg.resize(jpeg.size() - 2);
    EXPECT_EQ(decode(jpeg).rgb, whole.rgb);
}

TEST(Encode, PngIsLossless) {
    const Picture drawn = test::draw(37, 23);
    const Picture back = decode(encode_png(drawn));
    EXPECT_EQ(back.width, 37);
    EXPECT_EQ(back.rgb, drawn.rgb);
}

TEST(Encode, JpegKeepsThePicture) {
    const Picture drawn = test::draw(64, 48);
    EXPECT_LE(largest_difference(decode(encode_jpeg(drawn, 100)), drawn), 6);
    EXPECT_LE(largest_difference(decode(encode_jpeg(drawn, 95)), drawn), 30);
    EXPECT_LT(encode_jpeg(drawn, 50).size(), encode_jpeg(drawn, 95).size());
    EXPECT_EQ(encode_jpeg(drawn, 80), encode_jpeg(drawn, 80));
}

TEST(Encode, SubsamplesChromaBelow90) {
    // The sampling factors stand in the frame header (SOF0), one byte a component.
    auto luma_sampling = [](const Bytes& jpeg) {
        for (std::size_t i = 0; i + 12 < jpeg.size(); ++i)
            if (jpeg[i] == std::byte{0xFF} && jpeg[i + 1] == std::byte{0xC0})
                return std::to_integer<int>(jpeg[i + 11]);
        return 0;
    };
    EXPECT_EQ(luma_sampling(encode_jpeg(test::draw(16, 16), 90)), 0x11);
    EXPECT_EQ(luma_sampling(encode_jpeg(test::draw(16, 16), 89)), 0x22);
}

TEST(Encode, RefusesWhatItCannotStore) {
    EXPECT_THROW(encode_jpeg(Picture(), 95), Error);
    EXPECT_THROW(encode_jpeg(test::draw(8, 8), 0), Error);
    EXPECT_THROW(encode_jpeg(test::draw(8, 8), 101), Error);
    EXPECT_THROW(encode_jpeg(Picture(70000, 1), 95), Error);
    EXPECT_THROW(encode_png(Picture()), Error);
}

}  // namespace
}  // namespace yolodata
