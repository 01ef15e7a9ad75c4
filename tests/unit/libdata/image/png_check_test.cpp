// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using namespace std::string_literals;
using test::Bytes;
using test::make_png;
using test::PngKind;
using ::testing::HasSubstr;

bool only(const ImageReport& report, ImageRule rule) {
    return report.issues.size() == 1 && report.issues[0].rule == rule;
}

Bytes cut(const Bytes& bytes, std::size_t size) {
    return {bytes.begin(), bytes.begin() + static_cast<long>(size)};
}

std::vector<PngKind> every_kind() {
    std::vector<PngKind> kinds;
    for (bool interlaced : {false, true})
        for (auto [type, depth] : {std::pair{0, 1},
                                   {0, 2},
                                   {0, 4},
                                   {0, 8},
                                   {0, 16},
                                   {2, 8},
                                   {2, 16},
                                   {3, 2},
                                   {3, 8},
                                   {4, 8},
                                   {4, 16},
                                   {6, 8},
                                   {6, 16}}) {
            PngKind kind;
            kind.colour_type = type, kind.bit_depth = depth, kind.interlaced = interlaced;
            kinds.push_back(kind);
        }
    return kinds;
}

TEST(CheckPng, EveryKindIsWhole) {
    for (const PngKind& kind : every_kind()) {
        const Bytes bytes = make_png(kind);
        const ImageReport report = check_image(bytes);
        EXPECT_TRUE(report.whole) << kind.colour_type << ' ' << kind.bit_depth;
        EXPECT_EQ(report.format, Format::png);
        EXPECT_EQ(report.end, bytes.size());
        const bool plain = kind.colour_type == 2 && kind.bit_depth == 8;
        EXPECT_EQ(report.issues.size(), plain ? 0u : 1u);
        if (!plain) {
            ASSERT_TRUE(only(report, ImageRule::colour_mode));
            EXPECT_EQ(report.issues[0].severity,
                      kind.bit_depth == 16 ? Severity::warning : Severity::info);
        }
    }
}

TEST(CheckPng, TransparencyWarns) {
    for (int type : {4, 6})
        for (int depth : {8, 16})
            for (bool interlaced : {false, true}) {
                PngKind kind;
                kind.colour_type = type, kind.bit_depth = depth, kind.interlaced = interlaced;
                kind.alpha_value = 254;  // one pixel of 1,200
                const ImageReport report = check_image(make_png(kind));
                ASSERT_TRUE(only(report, ImageRule::colour_mode));
                EXPECT_FALSE(report.opaque);
                EXPECT_EQ(report.issues[0].severity, Severity::warning);
            }
    for (int type : {0, 2, 3}) {
        PngKind kind;
        kind.colour_type = type, kind.transparent_colour = true;
        const ImageReport report = check_image(make_png(kind));
        EXPECT_TRUE(report.whole);
        EXPECT_TRUE(report.alpha);
        EXPECT_FALSE(report.opaque) << type;
    }
}

TEST(CheckPng, CutAtEveryByte) {
    for (bool interlaced : {false, true}) {
        PngKind kind;
        kind.width = 16, kind.height = 12, kind.interlaced = interlaced;
        const Bytes bytes = make_png(kind);
        for (std::size_t size = 8; size < bytes.size(); ++size) {
            const ImageReport report = check_image(cut(bytes, size));
            ASSERT_TRUE(only(report, ImageRule::truncated)) << size << " of " << bytes.size();
            EXPECT_EQ(report.issues[0].verdict, Verdict::drops_image);
            EXPECT_THROW(decode(cut(bytes, size)), Error);
        }
    }
}

TEST(CheckPng, SaysHowManyRowsAreWhole) {
    const Bytes bytes = make_png({});
    const ImageReport report = check_image(cut(bytes, bytes.size() / 2));
    ASSERT_TRUE(only(report, ImageRule::truncated));
    EXPECT_THAT(report.issues[0].message,
                ::testing::ContainsRegex("inside chunk IDAT, .* 1[0-9] of 30 rows are whole"));
    const ImageReport end = check_image(cut(bytes, bytes.size() - 12));
    EXPECT_THAT(end.issues[0].message, HasSubstr("all 30 rows are whole"));
}

// Every byte of a PNG is under a checksum or fixed, so every flipped bit is an error.
TEST(CheckPng, EveryFlippedBitIsFound) {
    PngKind kind;
    kind.width = 12, kind.height = 10;
    const Bytes bytes = test::with_chunk(make_png(kind), "tEXt", "Comment\0drawn"s);
    for (std::size_t i = 0; i < bytes.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            Bytes damaged = bytes;
            damaged[i] ^= static_cast<std::byte>(1 << bit);
            const ImageReport report = check_image(damaged);
            ASSERT_EQ(report.issues.size(), 1u) << "byte " << i << " bit " << bit;
            ASSERT_EQ(report.issues[0].severity, Severity::error);
            if (i >= 8) {
                ASSERT_TRUE(report.issues[0].rule == ImageRule::corrupt_data ||
                            report.issues[0].rule == ImageRule::too_large)
                    << i << ' ' << report.issues[0].message;
            }
            ASSERT_THROW(decode(damaged), Error);
        }
}

TEST(CheckPng, NamesTheChunkOfAWrongChecksum) {
    Bytes bytes = test::with_chunk(make_png({}), "tEXt", "Comment\0drawn"s);
    bytes[33 + 8] ^= std::byte{1};
    const ImageReport report = check_image(bytes);
    ASSERT_TRUE(only(report, ImageRule::corrupt_data));
    EXPECT_THAT(report.issues[0].message, HasSubstr("CRC error in chunk tEXt at byte 33"));
}

// Checksums hold, the pixels' zlib stream does not: OpenCV fails in the middle of a training.
TEST(CheckPng, InflateErrors) {
    Bytes bytes = make_png({});
    ASSERT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()) + 37, 4), "IDAT");
    std::size_t length = 0;
    for (int i = 0; i < 4; ++i)
        length =
            length << 8 | std::to_integer<std::size_t>(bytes[static_cast<std::size_t>(33 + i)]);
    std::string stream(reinterpret_cast<const char*>(bytes.data()) + 41, length);
    const Bytes head = cut(bytes, 33),
                tail(bytes.begin() + static_cast<long>(45 + length), bytes.end());
    auto with_stream = [&](const std::string& data) {
        return test::join(test::with_chunk(head, "IDAT", data), tail);
    };
    ASSERT_TRUE(check_image(with_stream(stream)).whole);

    std::string damaged = stream;
    for (int i = 0; i < 8; ++i) damaged[length / 2 + static_cast<std::size_t>(i)] = '\x55';
    const ImageReport inside = check_image(with_stream(damaged));
    ASSERT_TRUE(only(inside, ImageRule::corrupt_data));
    EXPECT_THAT(inside.issues[0].message, ::testing::ContainsRegex("in row [0-9]+ of 30"));
    EXPECT_EQ(inside.issues[0].verdict, Verdict::aborts);

    const ImageReport less = check_image(with_stream(stream.substr(0, length / 2)));
    ASSERT_TRUE(only(less, ImageRule::truncated));
    EXPECT_EQ(less.issues[0].verdict, Verdict::aborts);

    damaged = stream;
    damaged.back() ^= 1;  // Adler-32: the pixels are not those that were stored
    const ImageReport sum = check_image(with_stream(damaged));
    ASSERT_TRUE(only(sum, ImageRule::corrupt_data));
    EXPECT_THAT(sum.issues[0].message, HasSubstr("incorrect data check"));

    EXPECT_TRUE(check_image(with_stream(stream + "surplus")).whole);
}

TEST(CheckPng, BytesBehindTheEnd) {
    const Bytes bytes = make_png({});
    const ImageReport report = check_image(test::join(bytes, Bytes(33)));
    ASSERT_TRUE(only(report, ImageRule::trailing_data));
    EXPECT_EQ(report.issues[0].severity, Severity::info);
    EXPECT_EQ(report.end, bytes.size());
    EXPECT_THAT(report.issues[0].message, HasSubstr("33 bytes behind"));
}

TEST(CheckPng, MetadataIsNotJudged) {
    const Bytes bytes =
        test::with_chunk(test::with_chunk(make_png({}), "iCCP", "broken"), "gAMA", "\0\0\0\0"s);
    EXPECT_TRUE(check_image(bytes).issues.empty());
}

TEST(CheckPng, FramesAndOrientation) {
    const ImageReport animated =
        check_image(test::with_chunk(make_png({}), "acTL", "\0\0\0\3\0\0\0\0"s));
    ASSERT_TRUE(only(animated, ImageRule::multi_frame));
    EXPECT_EQ(animated.frames, 3);
    const ImageReport turned =
        check_image(test::with_chunk(make_png({}), "eXIf", test::exif_block(8)));
    ASSERT_TRUE(only(turned, ImageRule::exif_rotated));
    EXPECT_EQ(turned.width, 30);
    EXPECT_EQ(turned.header_width, 40);
}

TEST(CheckPng, SizesFromTheHeader) {
    PngKind small;
    small.height = 9;
    EXPECT_TRUE(only(check_image(make_png(small)), ImageRule::too_small));
    EXPECT_TRUE(only(check_image(make_png({}), {.max_pixels = 1199}), ImageRule::too_large));
    // A header alone, of 60,000 x 60,000.
    const Bytes bomb = test::join(cut(make_png({}), 8),
                                  test::png_chunk("IHDR", "\0\0\xEA\x60\0\0\xEA\x60\x08\2\0\0\0"s));
    EXPECT_TRUE(only(check_image(bomb), ImageRule::too_large));
    EXPECT_THROW(decode(bomb), Error);
}

}  // namespace
}  // namespace yolodata
