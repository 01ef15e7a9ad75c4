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

std::string number(std::uint32_t value, int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text += static_cast<char>(value >> 8 * i);
    return text;
}

struct BmpKind {
    int width = 13, height = 11, bits = 24, compression = 0;
    bool core = false, top_down = false;
    std::string masks = {}, palette = {};
};

Bytes make_bmp(const BmpKind& kind, const std::string& pixels) {
    std::string info;
    if (kind.core) {
        info = number(12, 4) + number(kind.width, 2) + number(kind.height, 2) + number(1, 2) +
               number(kind.bits, 2);
    } else {
        const int height = kind.top_down ? -kind.height : kind.height;
        info = number(40, 4) + number(kind.width, 4) + number(height, 4) + number(1, 2) +
               number(kind.bits, 2) + number(kind.compression, 4) + number(pixels.size(), 4) +
               std::string(16, '\0');
    }
    const std::string head = info + kind.masks + kind.palette;
    const auto start = static_cast<std::uint32_t>(14 + head.size()),
               size = start + static_cast<std::uint32_t>(pixels.size());
    return test::to_bytes("BM" + number(size, 4) + number(0, 4) + number(start, 4) + head + pixels);
}

std::string rows_of_24(const Picture& picture, bool top_down) {
    std::string pixels;
    for (int i = 0; i < picture.height; ++i) {
        const std::uint8_t* row = picture.row(top_down ? i : picture.height - 1 - i);
        std::string line;
        for (int x = 0; x < picture.width; ++x)
            for (int c = 2; c >= 0; --c) line += static_cast<char>(row[3 * x + c]);
        line.resize((line.size() + 3) / 4 * 4);
        pixels += line;
    }
    return pixels;
}

TEST(Bmp, RowsInBothOrders) {
    const Picture drawn = test::draw(13, 11);
    for (bool top_down : {false, true})
        for (bool core : {false, true}) {
            if (top_down && core) continue;
            BmpKind kind;
            kind.top_down = top_down, kind.core = core;
            const Bytes bytes = make_bmp(kind, rows_of_24(drawn, top_down));
            const ImageReport report = check_image(bytes);
            EXPECT_TRUE(report.whole);
            EXPECT_TRUE(report.issues.empty());
            EXPECT_EQ(report.end, bytes.size());
            EXPECT_EQ(check_image(bytes, {.header_only = true}).width, 13);
            EXPECT_EQ(decode(bytes).rgb, drawn.rgb);
        }
}

TEST(Bmp, CutAtEveryByte) {
    const Bytes bytes = make_bmp({}, rows_of_24(test::draw(13, 11), false));
    for (std::size_t size = 14; size < bytes.size(); ++size) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        const ImageReport report = check_image(cut);
        ASSERT_EQ(report.issues.size(), 1u) << size;
        ASSERT_EQ(report.issues[0].rule, ImageRule::truncated) << size;
        EXPECT_EQ(report.issues[0].verdict, size < 54 ? Verdict::drops_image : Verdict::aborts);
        EXPECT_THROW(decode(cut), Error);
    }
    const Bytes half(bytes.begin(), bytes.begin() + 54 + 40 * 5 + 3);
    EXPECT_THAT(check_image(half).issues[0].message,
                ::testing::HasSubstr("row 6 of 11: 5 of 11 rows are whole"));
}

TEST(Bmp, SixteenAndThirtyTwoBits) {
    BmpKind kind;
    kind.width = kind.height = 10, kind.bits = 16;
    std::string pixels;
    for (int i = 0; i < 100; ++i) pixels += number(0x7C00 >> 5 * (i % 3), 2);
    const Picture rgb555 = decode(make_bmp(kind, pixels));
    EXPECT_EQ(rgb555.row(9)[0], 0xF8);
    EXPECT_EQ(rgb555.row(9)[4], 0xF8);
    kind.compression = 3, kind.masks = number(0xF800, 4) + number(0x07E0, 4) + number(0x001F, 4);
    pixels.clear();
    for (int i = 0; i < 100; ++i) pixels += number(0x07E0, 2);
    EXPECT_EQ(decode(make_bmp(kind, pixels)).rgb[1], 0xFC);

    kind.bits = 32, kind.masks = number(0xFF, 4) + number(0xFF00, 4) + number(0xFF0000, 4);
    pixels.clear();
    for (int i = 0; i < 100; ++i) pixels += number(0x80332211, 4);
    const Bytes masked = make_bmp(kind, pixels);
    EXPECT_EQ(decode(masked).rgb[0], 0x11);
    EXPECT_EQ(decode(masked).rgb[2], 0x33);
    kind.compression = 6, kind.masks += number(0xFF000000, 4);
    const ImageReport alpha = check_image(make_bmp(kind, pixels));
    ASSERT_TRUE(alpha.find(ImageRule::colour_mode));
    EXPECT_EQ(alpha.issues[0].severity, Severity::warning);
    EXPECT_TRUE(alpha.whole);
}

TEST(Bmp, PalettesAndRuns) {
    BmpKind kind;
    kind.width = 12, kind.height = 10, kind.bits = 8, kind.compression = 1;
    for (int i = 0; i < 256; ++i)
        kind.palette += number(static_cast<std::uint32_t>(i * 0x010101), 4);
    std::string runs;
    for (int y = 0; y < 9; ++y) runs += "\x05\x07"s + "\0\x03\1\2\3\0"s + "\x04\x09"s + "\0\0"s;
    runs += "\0\2\2\0"s + "\x03\x0A"s + "\0\1"s;  // two to the right, three of index 10, end
    const Bytes bytes = make_bmp(kind, runs);
    const ImageReport report = check_image(bytes);
    EXPECT_TRUE(report.whole);
    ASSERT_EQ(report.issues.size(), 1u);
    EXPECT_EQ(report.issues[0].rule, ImageRule::colour_mode);
    EXPECT_EQ(report.end, bytes.size());
    const Picture picture = decode(bytes);
    auto at = [&](int x, int y) { return int{picture.row(y)[3 * x]}; };
    EXPECT_EQ(at(0, 9), 7);
    EXPECT_EQ(at(5, 9), 1);
    EXPECT_EQ(at(7, 9), 3);
    EXPECT_EQ(at(11, 1), 9);
    EXPECT_EQ(at(1, 0), 0);
    EXPECT_EQ(at(2, 0), 10);
    EXPECT_EQ(at(5, 0), 0);

    const ImageReport beyond = check_image(make_bmp(kind, "\x0D\x07\0\1"s));
    ASSERT_TRUE(beyond.find(ImageRule::corrupt_data));
    EXPECT_THAT(beyond.find(ImageRule::corrupt_data)->message, ::testing::HasSubstr("row 1 of 10"));
    const ImageReport cut = check_image(make_bmp(kind, runs.substr(0, 40)));
    EXPECT_TRUE(cut.find(ImageRule::truncated));

    kind.bits = 4, kind.compression = 2, kind.palette.resize(64);
    std::string nibbles;
    for (int y = 0; y < 10; ++y) nibbles += "\x05\x7A\0\x07\x12\x34\x56\x70\0\0"s;
    const Picture two = decode(make_bmp(kind, nibbles + "\0\1"s));
    EXPECT_EQ(two.row(3)[0], 7);
    EXPECT_EQ(two.row(3)[3], 10);
    EXPECT_EQ(two.row(3)[3 * 4], 7);
    EXPECT_EQ(two.row(3)[3 * 5], 1);
    EXPECT_EQ(two.row(3)[3 * 11], 7);
}

TEST(Bmp, HeadersThatMakeNoPicture) {
    const std::string pixels = rows_of_24(test::draw(13, 11), false);
    BmpKind kind;
    kind.bits = 23;
    EXPECT_TRUE(check_image(make_bmp(kind, pixels)).find(ImageRule::corrupt_data));
    kind.bits = 24, kind.compression = 1;
    EXPECT_TRUE(check_image(make_bmp(kind, pixels)).find(ImageRule::corrupt_data));
    kind.compression = 4;
    EXPECT_TRUE(check_image(make_bmp(kind, pixels)).find(ImageRule::unsupported_format));
    kind.compression = 0, kind.width = 0;
    EXPECT_TRUE(check_image(make_bmp(kind, pixels)).find(ImageRule::corrupt_data));
    kind.width = 0x7FFFFFFF;
    EXPECT_TRUE(check_image(make_bmp(kind, pixels)).find(ImageRule::too_large));
    EXPECT_EQ(detect_format(test::to_bytes("BM is the name of a company, not a picture")),
              Format::unknown);
}

TEST(Bmp, BytesBehindTheEnd) {
    Bytes bytes = make_bmp(
        {}, rows_of_24(test::draw(13, 11), false) + "\0\0"s);  // padding that the file declares
    EXPECT_TRUE(check_image(bytes).issues.empty());
    const ImageReport report = check_image(test::join(bytes, Bytes(7)));
    ASSERT_TRUE(report.find(ImageRule::trailing_data));
    EXPECT_THAT(report.issues[0].message, ::testing::StartsWith("7 bytes"));
}

}  // namespace
}  // namespace yolodata
