// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "yolodata/augment/affine.hpp"
#include "yolodata/augment/flip.hpp"
#include "yolodata/augment/hsv.hpp"
#include "yolodata/augment/mixup.hpp"
#include "yolodata/augment/mosaic.hpp"
#include "yolodata/augment/online.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

Sample plain(int width, int height, std::uint8_t level, std::vector<PixelBox> boxes = {}) {
    Sample sample{Picture(width, height), std::move(boxes)};
    std::fill(sample.image.rgb.begin(), sample.image.rgb.end(), level);
    return sample;
}

// A bright rectangle on black, and its box.
Sample with_rectangle(int width, int height, int x1, int y1, int x2, int y2) {
    Sample sample = plain(width, height, 0, {{2, float(x1), float(y1), float(x2), float(y2)}});
    for (int y = y1; y < y2; ++y)
        std::fill(sample.image.row(y) + 3 * x1, sample.image.row(y) + 3 * x2, std::uint8_t{250});
    return sample;
}

// The upright box around all pixels over 125 that are not padding.
PixelBox bright_part(const Picture& picture) {
    PixelBox box{2, 1e9f, 1e9f, -1, -1};
    for (int y = 0; y < picture.height; ++y)
        for (int x = 0; x < picture.width; ++x)
            if (picture.row(y)[3 * x] > 125) {
                box.x1 = std::min(box.x1, float(x)), box.x2 = std::max(box.x2, float(x + 1));
                box.y1 = std::min(box.y1, float(y)), box.y2 = std::max(box.y2, float(y + 1));
            }
    return box;
}

void expect_near(const PixelBox& a, const PixelBox& b, float tolerance) {
    EXPECT_NEAR(a.x1, b.x1, tolerance);
    EXPECT_NEAR(a.y1, b.y1, tolerance);
    EXPECT_NEAR(a.x2, b.x2, tolerance);
    EXPECT_NEAR(a.y2, b.y2, tolerance);
}

TEST(Boxes, ToPixelsAndBack) {
    const std::vector<Box> boxes{{1, 0.5f, 0.25f, 0.2f, 0.1f}, {0, 1.0f, 0.9f, 0.4f, 0.3f}};
    const auto pixels = to_pixels(boxes, 200, 100);
    EXPECT_FLOAT_EQ(pixels[0].x1, 80);
    EXPECT_FLOAT_EQ(pixels[0].y2, 30);
    EXPECT_FLOAT_EQ(pixels[1].x2, 240);  // never clipped here
    const auto back = to_normalised(pixels, 200, 100);
    for (int i = 0; i < 2; ++i) {
        EXPECT_EQ(back[i].cls, boxes[i].cls);
        EXPECT_NEAR(back[i].x, boxes[i].x, 1e-6);
        EXPECT_NEAR(back[i].h, boxes[i].h, 1e-6);
    }
}

TEST(Mosaic, FourQuartersAroundTheCentre) {
    const std::array<Sample, 4> parts{plain(64, 48, 10), plain(64, 64, 20), plain(30, 64, 30),
                                      plain(64, 40, 40)};
    const Sample mosaic = mosaic4(parts, 64, 40, 70);
    ASSERT_EQ(mosaic.image.width, 128);
    auto at = [&](int x, int y) { return int{mosaic.image.row(y)[3 * x]}; };
    EXPECT_EQ(at(39, 69), 10);
    EXPECT_EQ(at(0, 69), 10);
    EXPECT_EQ(at(39, 70 - 48), 10);
    EXPECT_EQ(at(39, 70 - 49), 114);
    EXPECT_EQ(at(40, 69), 20);
    EXPECT_EQ(at(103, 69), 20);
    EXPECT_EQ(at(104, 69), 114);
    EXPECT_EQ(at(40, 6), 20);
    EXPECT_EQ(at(40, 5), 114);
    EXPECT_EQ(at(39, 70), 30);
    EXPECT_EQ(at(10, 70), 30);
    EXPECT_EQ(at(9, 70), 114);
    EXPECT_EQ(at(40, 70), 40);
    EXPECT_EQ(at(103, 109), 40);
    EXPECT_EQ(at(103, 110), 114);
}

TEST(Mosaic, BoxesMoveAlongAndAreClipped) {
    const std::array<Sample, 4> parts{
        plain(64, 64, 0,
              {{0, 10, 10, 20, 20}, {1, 40, 40, 60, 50}}),  // upper left quarter: moved by (−24, 6)
        plain(64, 64, 0, {{2, 0, 0, 64, 64}}),              // by (40, 6)
        plain(64, 64, 0, {{3, 30, 0, 60, 70}}),             // by (−24, 70): its lower end is cut
        plain(64, 64, 0, {{4, 5, 5, 5, 9}})};               // no area
    const Sample mosaic = mosaic4(parts, 64, 40, 70);
    ASSERT_EQ(mosaic.boxes.size(), 3u);  // the first lies outside
    EXPECT_EQ(mosaic.boxes[0].cls, 1);
    expect_near(mosaic.boxes[0], {1, 16, 46, 36, 56}, 0);
    expect_near(mosaic.boxes[1], {2, 40, 6, 104, 70}, 0);
    expect_near(mosaic.boxes[2], {3, 6, 70, 36, 128}, 0);
}

TEST(Affine, NothingMovesAtTheMiddle) {
    const Sample sample = with_rectangle(64, 64, 10, 20, 30, 50);
    const Sample same = warp(sample, {}, 64, 64);
    EXPECT_EQ(same.image.rgb, sample.image.rgb);
    expect_near(same.boxes.at(0), sample.boxes[0], 1e-5f);
}

TEST(Affine, MatrixOfAQuarterTurn) {
    AffineDraw draw;
    draw.angle = 90, draw.scale = 2, draw.translate_x = 0.75;
    const auto m = affine_matrix(draw, 100, 80, 40, 60);
    auto map = [&](double x, double y) {
        return std::pair{m[0] * x + m[1] * y + m[2], m[3] * x + m[4] * y + m[5]};
    };
    EXPECT_NEAR(map(50, 40).first, 30, 1e-9);  // the centre goes to 0.75 of 40 px
    EXPECT_NEAR(map(50, 40).second, 30, 1e-9);
    EXPECT_NEAR(map(60, 40).first, 30, 1e-9);  // counter-clockwise: right becomes up, twice as far
    EXPECT_NEAR(map(60, 40).second, 10, 1e-9);
}

// The oracle of every combination: where the bright rectangle lies afterwards, there lies the box.
TEST(Affine, BoxesFollowThePixels) {
    Random random(4, 0, 0, Purpose::affine);
    AugmentOptions options;
    options.degrees = 45, options.shear = 10, options.scale = 0.3, options.translate = 0.1;
    for (int i = 0; i < 60; ++i) {
        options.perspective = i % 2 == 0 ? 0 : 0.0005;
        const AffineDraw draw = draw_affine(random, options);
        const Sample warped = warp(with_rectangle(256, 200, 110, 90, 150, 120), draw, 240, 256);
        ASSERT_EQ(warped.boxes.size(), 1u);
        ASSERT_EQ(warped.image.width, 240);
        expect_near(warped.boxes[0], bright_part(warped.image), 2.0f);
    }
}

TEST(Affine, CropsAMosaicToItsMiddle) {
    const Sample canvas = with_rectangle(128, 128, 40, 50, 80, 70);
    const Sample cropped = warp(canvas, {}, 64, 64);
    expect_near(cropped.boxes.at(0), {2, 8, 18, 48, 38}, 1e-5f);
    EXPECT_EQ(cropped.image.row(18)[3 * 8], 250);
    EXPECT_EQ(cropped.image.row(17)[3 * 8], 0);
}

TEST(Affine, FillsWithPaddingOutside) {
    AffineDraw draw;
    draw.scale = 0.5;
    const Sample warped = warp(plain(64, 64, 200), draw, 64, 64);
    EXPECT_EQ(warped.image.row(5)[0], 114);
    EXPECT_EQ(warped.image.row(32)[3 * 32], 200);
}

TEST(Affine, DropsWhatIsHardlyLeft) {
    auto kept = [](PixelBox box, const AffineDraw& draw = {}) {
        return !warp(plain(100, 100, 0, {box}), draw, 100, 100).boxes.empty();
    };
    EXPECT_TRUE(kept({0, 10, 10, 12.1f, 13}));
    EXPECT_FALSE(kept({0, 10, 10, 12, 20}));  // 2 px wide
    EXPECT_FALSE(kept({0, 10, 10, 20, 11.9f}));
    EXPECT_TRUE(kept({0, -80, 0, 10, 50}));     // a ninth of it inside
    EXPECT_FALSE(kept({0, -90, 0, 10, 50}));    // a tenth
    EXPECT_FALSE(kept({0, 110, 10, 130, 30}));  // outside
    EXPECT_FALSE(kept({0, 20, 20, 10, 30}));    // turned inside out
    AffineDraw half;
    half.scale = 0.5;  // the share is of the scaled area
    EXPECT_TRUE(kept({0, 10, 10, 20, 20}, half));
    auto kept_of_length = [](float length) {
        return !warp(plain(400, 400, 0, {{0, 0, 10, length, 13}}), {}, 400, 400).boxes.empty();
    };
    EXPECT_TRUE(kept_of_length(299));
    EXPECT_FALSE(kept_of_length(300));  // 100 : 1
}

TEST(Affine, DrawsStayInTheirRanges) {
    AugmentOptions options;
    options.degrees = 10, options.shear = 3, options.perspective = 0.001;
    Random random(1, 0, 0, Purpose::affine);
    double smallest = 9, largest = 0;
    for (int i = 0; i < 2000; ++i) {
        const AffineDraw draw = draw_affine(random, options);
        EXPECT_LE(std::abs(draw.angle), 10);
        EXPECT_LE(std::abs(draw.shear_x), 3);
        EXPECT_LE(std::abs(draw.perspective_y), 0.001);
        EXPECT_LE(std::abs(draw.translate_x - 0.5), 0.1);
        smallest = std::min(smallest, draw.scale), largest = std::max(largest, draw.scale);
    }
    EXPECT_NEAR(smallest, 0.5, 0.01);
    EXPECT_NEAR(largest, 1.5, 0.01);
}

TEST(Hsv, ChangesHueSaturationAndValue) {
    Sample red = plain(8, 40, 0);
    for (std::size_t i = 0; i < red.image.rgb.size(); i += 3) red.image.rgb[i] = 200;
    Picture dark = red.image;
    apply_hsv(dark, {1, 1, 0.5});
    EXPECT_EQ(dark.rgb[0], 100);
    EXPECT_EQ(dark.rgb[1], 0);
    EXPECT_EQ(std::count(dark.rgb.begin(), dark.rgb.end(), 100), 8 * 40);
    Picture pale = red.image;
    apply_hsv(pale, {1, 0.5, 1});
    EXPECT_EQ(pale.rgb[0], 200);
    EXPECT_NEAR(pale.rgb[1], 100, 1);
    Picture bright = red.image;
    apply_hsv(bright, {1, 1, 2});
    EXPECT_EQ(bright.rgb[0], 255);
    Picture green(1, 1);
    green.rgb = {0, 200, 0};  // hue 60 of 180
    apply_hsv(green, {2, 1, 1});
    EXPECT_EQ(green.rgb, (std::vector<std::uint8_t>{0, 0, 200}));
    apply_hsv(green, {1.5, 1, 1});  // 120 → 180, which is 0: red again
    EXPECT_EQ(green.rgb, (std::vector<std::uint8_t>{200, 0, 0}));
}

TEST(Hsv, GainsOfOneChangeNothing) {
    Picture picture(16, 16);
    for (std::size_t i = 0; i < picture.rgb.size(); ++i)
        picture.rgb[i] = static_cast<std::uint8_t>(i * 37);
    const Picture before = picture;
    apply_hsv(picture, {});
    EXPECT_EQ(picture.rgb, before.rgb);
}

TEST(Flip, MirrorsPixelsAndBoxes) {
    Sample sample = with_rectangle(50, 40, 5, 8, 20, 12);
    const Sample before = sample;
    flip_left_right(sample);
    expect_near(sample.boxes[0], {2, 30, 8, 45, 12}, 0);
    expect_near(bright_part(sample.image), sample.boxes[0], 0);
    flip_up_down(sample);
    expect_near(sample.boxes[0], {2, 30, 28, 45, 32}, 0);
    expect_near(bright_part(sample.image), sample.boxes[0], 0);
    flip_left_right(sample);
    flip_up_down(sample);
    EXPECT_EQ(sample.image.rgb, before.image.rgb);
}

TEST(Mixup, BlendsAndKeepsBothBoxes) {
    Sample sample = plain(4, 4, 100, {{0, 0, 0, 4, 4}});
    mixup(sample, plain(4, 4, 200, {{1, 1, 1, 3, 3}, {2, 0, 0, 1, 4}}), 0.75);
    EXPECT_EQ(sample.image.rgb[0], 125);
    EXPECT_EQ(sample.boxes.size(), 3u);
    EXPECT_THROW(mixup(sample, plain(5, 4, 0), 0.5), Error);
}

TEST(Mixup, RatioFollowsBeta32) {
    Random random(8, 0, 0, Purpose::mixup);
    double sum = 0, squares = 0;
    const int n = 4000;
    for (int i = 0; i < n; ++i) {
        const double r = draw_mixup_ratio(random);
        sum += r, squares += (r - 0.5) * (r - 0.5);
    }
    EXPECT_NEAR(sum / n, 0.5, 0.005);
    EXPECT_NEAR(squares / n, 1 / (4.0 * 65), 0.0003);  // variance of Beta(a, a): 1 / (4 (2a + 1))
}

}  // namespace
}  // namespace yolodata
