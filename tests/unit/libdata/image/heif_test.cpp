// SPDX-License-Identifier: Apache-2.0
// AVIF and HEIC by libheif, on pictures that tests/vectors/images/heif/draw.py has drawn.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/image/format.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {
namespace {

using test::Bytes;

Bytes load(const std::string& name) {
    return test::read_file(YOLO_VECTORS "/images/heif/" + name);
}

std::size_t find(const Bytes& bytes, std::string_view text) {
    const Bytes wanted = test::to_bytes(text);
    return static_cast<std::size_t>(
        std::search(bytes.begin(), bytes.end(), wanted.begin(), wanted.end()) - bytes.begin());
}

Bytes with_stated_size(Bytes bytes, std::uint32_t width, std::uint32_t height) {
    const std::size_t at = find(bytes, "ispe") + 8;
    for (std::size_t i = 0; i < 4; ++i) {
        bytes[at + i] = static_cast<std::byte>(width >> (24 - 8 * i));
        bytes[at + 4 + i] = static_cast<std::byte>(height >> (24 - 8 * i));
    }
    return bytes;
}

class HeifFormat : public testing::TestWithParam<const char*> {
 protected:
    void SetUp() override {
        const bool avif = std::string_view(GetParam()) == "avif";
        if (!can_decode(avif ? Format::avif : Format::heic))
            GTEST_SKIP() << "no libheif here, or none with a decoder for " << GetParam();
    }
    Bytes load_as(const std::string& name) const { return load(name + '.' + GetParam()); }
};

// The quarter that alone is blue: by where it lies, an orientation is told.
std::string blue_quarter(const Picture& picture) {
    std::string found;
    for (const bool lower : {false, true})
        for (const bool right : {false, true}) {
            const int x = picture.width * (right ? 3 : 1) / 4,
                      y = picture.height * (lower ? 3 : 1) / 4;
            if (picture.row(y)[3 * x + 2] > 128)
                found += std::string(lower ? "lower " : "upper ") + (right ? "right" : "left");
        }
    return found;
}

TEST_P(HeifFormat, AWholePictureHasNoIssueAndItsColours) {
    const Bytes bytes = load_as("plain");
    GrayThumbnail thumbnail;
    const ImageReport report = check_image(bytes, {.thumbnail = &thumbnail});
    EXPECT_TRUE(report.whole);
    EXPECT_TRUE(report.issues.empty()) << report.issues[0].message;
    EXPECT_EQ(report.end, bytes.size());
    EXPECT_TRUE(thumbnail.complete());
    const Picture picture = decode(bytes);
    ASSERT_EQ(picture.width, 64);
    ASSERT_EQ(picture.height, 48);
    for (int y = 2; y < 48; y += 9)
        for (int x = 2; x < 64; x += 9) {
            const std::uint8_t* pixel = picture.row(y) + 3 * x;
            EXPECT_NEAR(pixel[0], 4 * x, 24);
            EXPECT_NEAR(pixel[1], 5 * y, 24);
        }
    EXPECT_EQ(blue_quarter(picture), "upper left");
}

TEST_P(HeifFormat, TheHeaderAloneSaysTheSize) {
    const Bytes bytes = load_as("plain");
    const Bytes head(bytes.begin(), bytes.begin() + static_cast<long>(find(bytes, "mdat")));
    const ImageReport report = check_image(head, {.header_only = true});
    EXPECT_EQ(report.width, 64);
    EXPECT_EQ(report.height, 48);
    EXPECT_TRUE(report.issues.empty());
}

TEST_P(HeifFormat, NoCutFileIsWhole) {
    const Bytes bytes = load_as("plain");
    const std::size_t data = find(bytes, "mdat") + 4;
    for (std::size_t size = 12; size < bytes.size(); ++size) {
        const Bytes cut(bytes.begin(), bytes.begin() + static_cast<long>(size));
        const ImageReport report = check_image(cut);
        EXPECT_FALSE(report.whole) << size;
        EXPECT_THROW(decode(cut), Error) << size;
        if (size < data) continue;
        const ImageIssue* issue = report.find(ImageRule::truncated);
        ASSERT_NE(issue, nullptr) << size;
        EXPECT_EQ(issue->verdict, Verdict::aborts);
        EXPECT_EQ(issue->message, "the file ends at byte " + std::to_string(size) + " of " +
                                      std::to_string(bytes.size()) + ": 0 of 48 rows are whole");
    }
}

TEST_P(HeifFormat, WhateverIsDamagedCheckAndDecodeAgree) {
    const Bytes whole = load_as("plain");
    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes bytes = whole;
        bytes[at] ^= std::byte{0x41};
        const ImageReport report = check_image(bytes, {.max_pixels = 1 << 20});
        try {
            const Picture picture = decode(bytes, {.max_pixels = 1 << 20});
            EXPECT_FALSE(report.find(ImageRule::corrupt_data) || report.find(ImageRule::truncated));
            EXPECT_TRUE(!report.whole || picture.width == report.width) << at;
        } catch (const Error&) {
            EXPECT_FALSE(report.whole) << at;
        }
    }
}

TEST_P(HeifFormat, SizesAreRefusedBeforeTheDecoderSeesThem) {
    const Bytes bytes = load_as("plain");
    const auto refused = [](const Bytes& file, std::uint64_t max_pixels) {
        const ImageReport report = check_image(file, {.max_pixels = max_pixels});
        return report.issues.size() == 1 && report.find(ImageRule::too_large) != nullptr;
    };
    EXPECT_TRUE(refused(bytes, 1000));
    EXPECT_TRUE(refused(with_stated_size(bytes, 30000, 30000), 178'956'970));
    // The boxes say less than the coded data holds.
    EXPECT_TRUE(refused(with_stated_size(bytes, 20, 20), 1000));
    EXPECT_THROW(decode(with_stated_size(bytes, 20, 20), {.max_pixels = 1000}), Error);
    EXPECT_TRUE(check_image(with_stated_size(bytes, 5, 48)).find(ImageRule::too_small));
}

TEST_P(HeifFormat, MemoryIsAskedForFirst) {
    std::uint64_t asked = 0;
    CheckOptions options;
    options.may_take = [&asked](std::uint64_t bytes) {
        asked = bytes;
        return false;
    };
    const ImageReport report = check_image(load_as("plain"), options);
    EXPECT_GE(asked, 64U * 48U * 6U);
    ASSERT_NE(report.find(ImageRule::too_large), nullptr);
    EXPECT_NE(report.find(ImageRule::too_large)->message.find("--max-memory"), std::string::npos);
}

TEST_P(HeifFormat, BytesBehindTheEndAreTold) {
    const ImageReport report =
        check_image(test::join(load_as("plain"), test::to_bytes("some tail")));
    EXPECT_TRUE(report.whole);
    ASSERT_NE(report.find(ImageRule::trailing_data), nullptr);
    EXPECT_EQ(report.find(ImageRule::trailing_data)->message.substr(0, 8), "9 bytes ");
}

INSTANTIATE_TEST_SUITE_P(Heif, HeifFormat, testing::Values("avif", "heic"),
                         [](const auto& name) { return std::string(name.param); });

#define SKIP_WITHOUT(format) \
    if (!can_decode(Format::format)) GTEST_SKIP() << "no libheif here that decodes " #format

TEST(Avif, IsReadAsStoredWithAWarningWhereViewersTurnIt) {
    SKIP_WITHOUT(avif);
    for (const int turn : {6, 7}) {
        const Bytes bytes = load("turned" + std::to_string(turn) + ".avif");
        const ImageReport report = check_image(bytes);
        EXPECT_TRUE(report.whole);
        EXPECT_EQ(report.width, 64);
        ASSERT_NE(report.find(ImageRule::exif_rotated), nullptr);
        EXPECT_NE(report.find(ImageRule::exif_rotated)
                      ->message.find("orientation " + std::to_string(turn)),
                  std::string::npos);
        EXPECT_EQ(blue_quarter(decode(bytes)), "upper left");
    }
}

TEST(Avif, IsTurnedByExif) {
    SKIP_WITHOUT(avif);
    const Bytes bytes = load("exif6.avif");
    const ImageReport report = check_image(bytes);
    EXPECT_EQ(report.orientation, 6);
    EXPECT_EQ(report.width, 48);
    ASSERT_NE(report.find(ImageRule::exif_rotated), nullptr);
    const Picture picture = decode(bytes);
    EXPECT_EQ(picture.height, 64);
    EXPECT_EQ(blue_quarter(picture), "upper right");
}

TEST(Avif, TellsColoursAndFrames) {
    SKIP_WITHOUT(avif);
    EXPECT_EQ(check_image(load("gray.avif")).mode, ColourMode::gray);
    const ImageReport alpha = check_image(load("alpha.avif"));
    EXPECT_TRUE(alpha.alpha);
    EXPECT_FALSE(alpha.opaque);
    EXPECT_EQ(alpha.find(ImageRule::colour_mode)->severity, Severity::warning);
    const ImageReport frames = check_image(load("frames.avif"));
    EXPECT_EQ(frames.frames, 2);
    ASSERT_NE(frames.find(ImageRule::multi_frame), nullptr);
    EXPECT_EQ(blue_quarter(decode(load("frames.avif"))), "upper left");
}

TEST(Heic, IsTurnedAsItSaysItselfAndNotByExif) {
    SKIP_WITHOUT(heic);
    const ImageReport turned = check_image(load("turned6.heic"));
    EXPECT_TRUE(turned.issues.empty());
    EXPECT_EQ(turned.width, 48);
    EXPECT_EQ(turned.header_width, 64);
    EXPECT_EQ(check_image(load("turned6.heic"), {.header_only = true}).width, 48);
    EXPECT_EQ(blue_quarter(decode(load("turned6.heic"))), "upper right");
    EXPECT_TRUE(check_image(load("exif6.heic")).issues.empty());
    EXPECT_EQ(blue_quarter(decode(load("exif6.heic"))), "upper left");
}

TEST(Heic, TellsItsPictures) {
    SKIP_WITHOUT(heic);
    EXPECT_EQ(check_image(load("pictures.heic")).frames, 2);
    EXPECT_NE(check_image(load("pictures.heic")).find(ImageRule::multi_frame), nullptr);
}

// In a build without libheif too.
TEST(Avif, WhatCannotBeDecodedHereIsNamed) {
    Bytes bytes = load("plain.avif");
    const std::size_t at = find(bytes, "av01");
    const Bytes other = test::to_bytes("j2k1");
    std::copy(other.begin(), other.end(), bytes.begin() + static_cast<long>(at));
    const ImageReport report = check_image(bytes);
    ASSERT_EQ(report.issues.size(), 1U);
    EXPECT_EQ(report.issues[0].rule, ImageRule::unsupported_format);
    EXPECT_EQ(report.issues[0].message.substr(0, 27), "AVIF cannot be decoded here");
    EXPECT_THROW(decode(bytes), Error);
}

}  // namespace
}  // namespace yolodata
