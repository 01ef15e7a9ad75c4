// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/thumbnail.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "drawn.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using namespace test;

std::vector<float> mean_of(const std::vector<std::vector<std::uint8_t>>& rows, int out_width,
                           int out_height) {
    AreaMean mean;
    mean.begin(static_cast<int>(rows[0].size()), static_cast<int>(rows.size()), out_width,
               out_height);
    for (const auto& row : rows) {
        EXPECT_FALSE(mean.complete());
        mean.add_row(row.data());
    }
    EXPECT_TRUE(mean.complete());
    return {mean.pixels().begin(), mean.pixels().end()};
}

TEST(AreaMean, WholeAndBrokenPixels) {
    EXPECT_EQ(mean_of({{10, 20}, {30, 40}}, 1, 1), std::vector<float>{25});
    // Three columns into two: the middle one goes to both halves.
    const auto half = mean_of({{0, 90, 30}}, 2, 1);
    EXPECT_FLOAT_EQ(half[0], (0 + 90 / 2.f) / 1.5f);
    EXPECT_FLOAT_EQ(half[1], (30 + 90 / 2.f) / 1.5f);
    const auto rows = mean_of({{0}, {90}, {30}}, 1, 2);
    EXPECT_FLOAT_EQ(rows[0], 30);
    EXPECT_FLOAT_EQ(rows[1], 50);
}

TEST(AreaMean, EnlargesByRepeating) {
    EXPECT_EQ(mean_of({{10, 20}}, 4, 2), (std::vector<float>{10, 10, 20, 20, 10, 10, 20, 20}));
}

double largest_difference(std::span<const float> a, std::span<const float> b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max<double>(largest, std::abs(a[i] - b[i]));
    return largest;
}

GrayThumbnail checked(const Bytes& bytes) {
    GrayThumbnail thumbnail;
    EXPECT_TRUE(check_image(bytes, {.thumbnail = &thumbnail}).whole);
    return thumbnail;
}

GrayThumbnail decoded(const Bytes& bytes) {
    GrayThumbnail thumbnail;
    thumbnail.add(decode(bytes));
    return thumbnail;
}

TEST(GrayThumbnail, OfAJpegsCheckIsCloseToThatOfItsPixels) {
    for (const JpegKind& kind : {JpegKind{.width = 640, .height = 480},
                                 JpegKind{.width = 640, .height = 480, .progressive = true},
                                 JpegKind{.width = 500, .height = 301, .gray = true},
                                 JpegKind{.width = 400, .height = 400, .interleaved = false},
                                 JpegKind{.width = 100, .height = 60},
                                 JpegKind{.width = 640, .height = 480, .cmyk = true}}) {
        const Bytes bytes = make_jpeg(kind);
        const GrayThumbnail rough = checked(bytes), exact = decoded(bytes);
        ASSERT_TRUE(rough.complete());
        EXPECT_LT(largest_difference(rough.pixels(), exact.pixels()), 16)
            << kind.width << kind.progressive << kind.gray << kind.cmyk;
    }
}

TEST(GrayThumbnail, OfAPngsCheckIsThatOfItsPixels) {
    for (const PngKind& kind :
         {PngKind{}, PngKind{.colour_type = 0}, PngKind{.colour_type = 0, .bit_depth = 1},
          PngKind{.colour_type = 0, .bit_depth = 16}, PngKind{.colour_type = 3},
          PngKind{.colour_type = 4}, PngKind{.colour_type = 6, .alpha_value = 90},
          PngKind{.colour_type = 6, .bit_depth = 16},
          PngKind{.colour_type = 3, .transparent_colour = true}}) {
        const Bytes bytes = make_png(kind);
        const GrayThumbnail rows = checked(bytes);
        ASSERT_TRUE(rows.complete()) << kind.colour_type << " " << kind.bit_depth;
        EXPECT_EQ(largest_difference(rows.pixels(), decoded(bytes).pixels()), 0)
            << kind.colour_type << " " << kind.bit_depth;
    }
}

TEST(GrayThumbnail, IsNotCompleteWhereRowsAreMissing) {
    Bytes bytes = make_jpeg({.width = 640, .height = 480});
    bytes.resize(bytes.size() / 2);
    GrayThumbnail thumbnail;
    const ImageReport report = check_image(bytes, {.thumbnail = &thumbnail});
    EXPECT_FALSE(report.whole);
    GrayThumbnail none;
    EXPECT_TRUE(check_image(make_png({.interlaced = true}), {.thumbnail = &none}).whole);
    EXPECT_FALSE(none.complete());
}

}  // namespace
}  // namespace yolodata
