// SPDX-License-Identifier: Apache-2.0
#include "look.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace yolodata {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

std::vector<float> noise_of_waves(unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> amplitude(-30, 30), phase(0, 6.28f);
    std::vector<float> picture(32 * 32, 128);
    for (int u = 0; u < 8; ++u)
        for (int v = 0; v < 8; ++v) {
            const float a = amplitude(random), p = phase(random), q = phase(random);
            for (int y = 0; y < 32; ++y)
                for (int x = 0; x < 32; ++x)
                    picture[y * 32 + x] +=
                        a * std::cos(0.1f * u * x + p) * std::cos(0.1f * v * y + q);
        }
    return picture;
}

/// The picture as bits of `turn` mirror it: 1 left to right, 2 top to bottom, then 4 swaps x and y.
std::vector<float> turned(const std::vector<float>& picture, unsigned turn) {
    std::vector<float> out(picture.size());
    for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 32; ++x) {
            const int u = (turn & 1U) != 0 ? 31 - x : x, v = (turn & 2U) != 0 ? 31 - y : y;
            out[(turn & 4U) != 0 ? u * 32 + v : v * 32 + u] = picture[y * 32 + x];
        }
    return out;
}

TEST(PerceptualHash, KnowsItsMirrorImagesAndQuarterTurns) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        const auto picture = noise_of_waves(seed);
        const PerceptualHash hash = perceptual_hash(picture);
        for (unsigned turn = 0; turn < 8; ++turn)
            EXPECT_LE(distance(hash.turned[turn], perceptual_hash(turned(picture, turn)).turned[0]),
                      2)  // sums in another order: a term may lie on the median's other side
                << seed << " turn " << turn;
    }
}

TEST(PerceptualHash, HalfOfTheTermsLieOverTheMedian) {
    const std::uint64_t bits = perceptual_hash(noise_of_waves(3)).turned[0];
    EXPECT_EQ(std::popcount(bits), 31);
    EXPECT_EQ(bits & 1U, 0u);  // the DC term
}

TEST(PerceptualHash, OtherPicturesAreFarAndBrightnessDoesNotCount) {
    const auto a = noise_of_waves(1), b = noise_of_waves(2);
    EXPECT_GT(distance(perceptual_hash(a).turned[0], perceptual_hash(b).turned[0]), 12);
    auto brighter = a;
    for (float& v : brighter) v = v * 0.8f + 40;
    EXPECT_LE(distance(perceptual_hash(a).turned[0], perceptual_hash(brighter).turned[0]), 1);
}

Picture filled(int width, int height, std::uint8_t level) {
    Picture picture(width, height);
    std::fill(picture.rgb.begin(), picture.rgb.end(), level);
    return picture;
}

TEST(Blank, TwoLevelsAreOneColourThreeAreNot) {
    Picture picture = filled(20, 20, 100);
    EXPECT_TRUE(is_blank(picture));
    picture.rgb[500] = 102;
    EXPECT_TRUE(is_blank(picture));
    picture.rgb[500] = 103;
    EXPECT_FALSE(is_blank(picture));
    GrayThumbnail thumbnail;
    thumbnail.add(picture);
    EXPECT_TRUE(may_be_blank(thumbnail));
}

std::vector<std::string> rules(const Picture& picture) {
    std::vector<std::string> all;
    for (const QualityRemark& remark : judge_quality(picture)) all.emplace_back(remark.rule);
    return all;
}

Picture with_noise(int width, int height, int low, int high) {
    std::mt19937 random(7);
    std::uniform_int_distribution<int> level(low, high);
    Picture picture(width, height);
    for (std::uint8_t& v : picture.rgb) v = static_cast<std::uint8_t>(level(random));
    return picture;
}

TEST(Quality, AnOrdinaryPictureGetsNoRemark) {
    EXPECT_THAT(rules(with_noise(300, 200, 0, 255)), IsEmpty());
}

TEST(Quality, EachRuleAtItsLimit) {
    EXPECT_THAT(rules(with_noise(300, 200, 0, 38)), Contains("image/dark"));
    EXPECT_THAT(rules(with_noise(300, 200, 0, 80)), Not(Contains("image/dark")));
    EXPECT_THAT(rules(with_noise(300, 200, 222, 255)), Contains("image/bright"));
    EXPECT_THAT(rules(with_noise(300, 200, 180, 255)), Not(Contains("image/bright")));
    EXPECT_THAT(rules(filled(300, 200, 128)),
                testing::ElementsAre("image/blurry", "image/low-information"));
    EXPECT_THAT(rules(with_noise(300, 60, 0, 255)), Not(Contains("image/odd-aspect")));
    EXPECT_THAT(rules(with_noise(301, 60, 0, 255)), Contains("image/odd-aspect"));
    EXPECT_THAT(rules(with_noise(60, 301, 0, 255)), Contains("image/odd-aspect"));
}

TEST(Quality, LargePicturesAreJudgedAt640Pixels) {
    // A chequerboard of single pixels is sharp; shrunk to a quarter it is one gray.
    Picture picture(2560, 64);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 2560 * 3; ++x)
            picture.row(y)[x] = static_cast<std::uint8_t>((x / 3 + y) % 2 * 255);
    EXPECT_THAT(rules(picture), Contains("image/blurry"));
}

}  // namespace
}  // namespace yolodata
