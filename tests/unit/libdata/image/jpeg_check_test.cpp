// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using test::Bytes;
using test::JpegKind;
using test::make_jpeg;

std::vector<JpegKind> every_kind() {
    std::vector<JpegKind> kinds(12);
    kinds[1].progressive = true;
    kinds[2].arithmetic = true;
    kinds[3].arithmetic = kinds[3].progressive = true;
    kinds[4].gray = true;
    kinds[5].cmyk = true;
    kinds[6].sampling = 1;
    kinds[7].restart_rows = 1;
    kinds[8].interleaved = false;
    kinds[9].comment = "an end \xFF\xD9 inside";
    kinds[10].width = kinds[10].height = 10;
    kinds[11].width = 61, kinds[11].height = 47, kinds[11].progressive = true,
    kinds[11].restart_rows = 1;
    return kinds;
}

Bytes cut(const Bytes& bytes, std::size_t size) {
    return {bytes.begin(), bytes.begin() + static_cast<long>(size)};
}

bool only(const ImageReport& report, ImageRule rule) {
    return report.issues.size() == 1 && report.issues[0].rule == rule;
}

std::string describe(const ImageReport& report) {
    std::string text = report.whole ? ", whole" : ", not whole";
    for (const ImageIssue& issue : report.issues)
        text += ", " + std::string(rule_id(issue.rule)) + ": " + issue.message;
    return text;
}

TEST(CheckJpeg, EveryKindIsWhole) {
    for (const JpegKind& kind : every_kind()) {
        const Bytes bytes = make_jpeg(kind);
        const ImageReport report = check_image(bytes);
        EXPECT_TRUE(report.whole);
        EXPECT_EQ(report.format, Format::jpeg);
        EXPECT_EQ(report.width, kind.width);
        EXPECT_EQ(report.height, kind.height);
        EXPECT_EQ(report.end, bytes.size());
        if (kind.gray || kind.cmyk) {
            ASSERT_TRUE(only(report, ImageRule::colour_mode));
            EXPECT_EQ(report.issues[0].severity, kind.gray ? Severity::info : Severity::warning);
        } else {
            EXPECT_TRUE(report.issues.empty());
        }
    }
}

// Cut anywhere: what is left is truncated, but for the very end, where only the end marker is
// missing. An arithmetic coder may end its data early, so that its last rows need no byte more
// (ITU-T T.81, D.1.8).
TEST(CheckJpeg, CutAtEveryByte) {
    for (JpegKind kind : every_kind()) {
        kind.height = std::min(kind.height, 32);
        const Bytes bytes = make_jpeg(kind);
        int missing_eoi = 0;
        for (std::size_t size = 3; size < bytes.size(); ++size) {
            const ImageReport report = check_image(cut(bytes, size));
            const bool truncated = report.find(ImageRule::truncated) != nullptr;
            const bool eoi = report.find(ImageRule::missing_eoi) != nullptr;
            ASSERT_TRUE(truncated || eoi) << size << " of " << bytes.size() << describe(report);
            ASSERT_NE(truncated, report.whole);
            missing_eoi += eoi;
            EXPECT_TRUE(eoi || size + 2 < bytes.size()) << "only the marker is gone: " << size;
        }
        if (!kind.arithmetic) {
            EXPECT_EQ(missing_eoi, 2);
        }
    }
}

TEST(CheckJpeg, SaysWhereItIsCut) {
    JpegKind kind;
    kind.height = 160;  // ten rows of blocks of 16
    const Bytes bytes = make_jpeg(kind);
    const ImageReport half = check_image(cut(bytes, bytes.size() * 6 / 10));
    ASSERT_TRUE(half.find(ImageRule::truncated));
    EXPECT_THAT(half.issues[0].message, ::testing::ContainsRegex("[0-9]+ of 160 rows are whole"));
    int rows = 0, of = 0, near = 0;
    ASSERT_EQ(std::sscanf(half.issues[0].message.c_str(), "the file ends in row %d of %d: %d",
                          &near, &of, &rows),
              3);
    EXPECT_EQ(rows % 16, 0);
    EXPECT_EQ(near, rows + 1);
    EXPECT_NEAR(rows, 80, 32);
    EXPECT_EQ(half.issues[0].verdict, Verdict::drops_image);
}

TEST(CheckJpeg, EndMarkerBehindTheCutDoesNotHideIt) {
    for (const JpegKind& kind : every_kind()) {
        if (kind.width == 10) continue;
        const Bytes bytes = make_jpeg(kind);
        const Bytes closed =
            test::join(cut(bytes, bytes.size() * 6 / 10), test::to_bytes("\xFF\xD9"));
        const ImageReport report = check_image(closed);
        const ImageIssue* issue = report.find(ImageRule::corrupt_data);
        if (issue == nullptr)
            issue = report.find(ImageRule::truncated);  // the cut lies in a scan's header
        ASSERT_TRUE(issue) << describe(report) << kind.progressive << kind.arithmetic << kind.width;
        EXPECT_EQ(issue->verdict, Verdict::uses);
        EXPECT_THROW(decode(closed), std::runtime_error);
    }
}

TEST(CheckJpeg, FlippedBitsNeverCrashAndAreMostlySeen) {
    JpegKind kind;
    for (bool progressive : {false, true}) {
        kind.progressive = progressive;
        const Bytes bytes = make_jpeg(kind);
        const Picture right = decode(bytes);
        int seen = 0, flips = 0;
        for (std::uint64_t i = 0; i < 600; ++i) {
            Random random(3, 0, i, Purpose::choice);
            Bytes damaged = bytes;
            damaged[random.below(bytes.size())] ^= static_cast<std::byte>(1 << random.below(8));
            const ImageReport report = check_image(damaged);
            bool same = false;
            try {
                same = decode(damaged).rgb == right.rgb;
            } catch (const std::runtime_error&) {
                EXPECT_FALSE(report.whole) << "check and decode disagree, flip " << i;
            }
            if (same) continue;
            ++flips;
            seen += !report.issues.empty();
        }
        // Most bits of a noisy picture are those of coefficients' values: any value is valid there.
        EXPECT_GT(seen, flips / 5)
            << seen << " of " << flips << (progressive ? ", progressive" : "");
    }
}

TEST(CheckJpeg, WrongRestartMarker) {
    JpegKind kind;
    kind.restart_rows = 1, kind.height = 96;
    Bytes bytes = make_jpeg(kind);
    for (std::size_t i = 0; i + 1 < bytes.size(); ++i)
        if (bytes[i] == std::byte{0xFF} && bytes[i + 1] == std::byte{0xD2})
            bytes[i + 1] = std::byte{0xD6};
    const ImageReport report = check_image(bytes);
    ASSERT_TRUE(only(report, ImageRule::corrupt_data));
    EXPECT_THAT(report.issues[0].message,
                ::testing::HasSubstr("0xd6 instead of restart marker 2 near row 49 of 96"));
}

void expect_corrupt(const Bytes& bytes) {
    const ImageReport report = check_image(bytes);
    EXPECT_TRUE(only(report, ImageRule::corrupt_data)) << describe(report);
    try {
        decode(bytes);
        ADD_FAILURE() << "it decodes";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::corrupt) << error.what();
    }
}

TEST(CheckJpeg, AComponentWithoutAScan) {
    Bytes bytes = make_jpeg({.interleaved = false});
    const Bytes scan = test::to_bytes("\xFF\xDA"sv);
    const auto last = std::find_end(bytes.begin(), bytes.end(), scan.begin(), scan.end());
    ASSERT_NE(last, bytes.end());
    bytes.erase(last, bytes.end() - 2);
    expect_corrupt(bytes);
}

TEST(CheckJpeg, MarkerOfAnotherKindInTheData) {
    Bytes bytes = make_jpeg({});
    const Bytes lossless = test::to_bytes("\xFF\xC3\0\x0B\x08"sv);
    std::copy(lossless.begin(), lossless.end(), bytes.end() - 200);
    expect_corrupt(bytes);
}

TEST(CheckJpeg, BytesBehindTheEnd) {
    const Bytes bytes = make_jpeg({});
    const ImageReport zeros = check_image(test::join(bytes, Bytes(512)));
    ASSERT_TRUE(only(zeros, ImageRule::trailing_data));
    EXPECT_EQ(zeros.issues[0].severity, Severity::warning);
    EXPECT_EQ(zeros.issues[0].verdict, Verdict::rewrites_file);
    EXPECT_EQ(zeros.issues[0].fix, Fix::cut_tail);
    EXPECT_EQ(zeros.end, bytes.size());
    EXPECT_TRUE(zeros.whole);

    const ImageReport second = check_image(test::join(bytes, bytes));
    ASSERT_TRUE(only(second, ImageRule::trailing_data));
    EXPECT_EQ(second.issues[0].severity, Severity::info);
    EXPECT_EQ(second.issues[0].verdict, Verdict::uses);
    EXPECT_THAT(second.issues[0].message,
                ::testing::StartsWith(std::to_string(bytes.size()) + " bytes behind"));
}

TEST(CheckJpeg, FillBytesBeforeTheEndMarkerAreFine) {
    const Bytes bytes = make_jpeg({});
    const Bytes filled =
        test::join(cut(bytes, bytes.size() - 2), test::to_bytes("\xFF\xFF\xFF\xFF\xD9"));
    EXPECT_TRUE(check_image(filled).issues.empty());
}

TEST(CheckJpeg, HalfAnEndMarker) {
    const Bytes bytes = make_jpeg({});
    const ImageReport report = check_image(cut(bytes, bytes.size() - 1));
    ASSERT_TRUE(only(report, ImageRule::missing_eoi));
    EXPECT_EQ(report.issues[0].fix, Fix::append_eoi);
    EXPECT_EQ(report.issues[0].severity, Severity::warning);
    EXPECT_EQ(report.end, 0u);
    EXPECT_TRUE(report.whole);
}

TEST(CheckJpeg, MarkersInsideExifAndComments) {
    const Bytes thumbnail = make_jpeg({.width = 16, .height = 16});
    std::string exif = "Exif\0\0"s + test::exif_block(1);
    exif.append(reinterpret_cast<const char*>(thumbnail.data()), thumbnail.size());
    const Bytes bytes = test::with_segment(test::with_segment(make_jpeg({}), 0xE1, exif), 0xFE,
                                           "\xFF\xD9\xFF\xD9"sv);
    const ImageReport report = check_image(bytes);
    EXPECT_TRUE(report.issues.empty());
    EXPECT_EQ(report.end, bytes.size());
}

TEST(CheckJpeg, Orientation) {
    for (bool little : {true, false})
        for (int orientation = 0; orientation <= 9; ++orientation) {
            const std::string exif = "Exif\0\0"s + test::exif_block(orientation, little);
            const ImageReport report = check_image(test::with_segment(make_jpeg({}), 0xE1, exif));
            EXPECT_TRUE(report.whole);
            const bool turned = orientation >= 2 && orientation <= 8;
            EXPECT_EQ(only(report, ImageRule::exif_rotated), turned);
            EXPECT_EQ(report.orientation, turned ? orientation : 1);
            EXPECT_EQ(report.width, turned && orientation >= 5 ? 48 : 64);
            EXPECT_EQ(report.header_width, 64);
        }
}

TEST(CheckJpeg, TwoPicturesOfAnMpo) {
    // Multi-picture index: number of pictures, and 16 bytes a picture with size and offset.
    auto u16 = [](int v) { return std::string{static_cast<char>(v >> 8), static_cast<char>(v)}; };
    auto u32 = [&](std::size_t v) {
        return u16(static_cast<int>(v >> 16)) + u16(static_cast<int>(v & 0xFFFF));
    };
    const Bytes picture = make_jpeg({});
    const std::size_t index_size = 4 + 8 + 2 + 2 * 12 + 4 + 2 * 16,
                      first_size = picture.size() + 4 + index_size;
    std::string index = "MPF\0"s + "MM\0*"s + u32(8) + u16(2);
    index += u16(0xB001) + u16(4) + u32(1) + u32(2);
    index += u16(0xB002) + u16(7) + u32(32) + u32(8 + 2 + 24 + 4) + u32(0);
    index += u32(0x20030000) + u32(first_size) + u32(0) + u32(0);
    index += u32(0) + u32(picture.size()) + u32(first_size - (2 + 4 + 4)) + u32(0);
    ASSERT_EQ(index.size(), index_size);
    const Bytes mpo = test::join(test::with_segment(picture, 0xE2, index), picture);
    const ImageReport report = check_image(mpo);
    ASSERT_TRUE(only(report, ImageRule::multi_frame)) << report.issues.size();
    EXPECT_EQ(report.frames, 2);
    EXPECT_EQ(report.end, mpo.size());

    const ImageReport film = check_image(test::join(mpo, Bytes(99)));
    ASSERT_TRUE(film.find(ImageRule::trailing_data));
    EXPECT_THAT(film.find(ImageRule::trailing_data)->message, ::testing::StartsWith("99 bytes"));
}

TEST(CheckJpeg, SizesFromTheHeader) {
    EXPECT_TRUE(only(check_image(make_jpeg({.width = 9, .height = 40})), ImageRule::too_small));
    EXPECT_TRUE(
        only(check_image(make_jpeg({}), {.max_pixels = 64 * 48 - 1}), ImageRule::too_large));
    EXPECT_TRUE(check_image(make_jpeg({}), {.max_pixels = 64 * 48}).issues.empty());
    Bytes bomb = make_jpeg({});
    for (std::size_t i = 0; i + 8 < bomb.size(); ++i)
        if (bomb[i] == std::byte{0xFF} && bomb[i + 1] == std::byte{0xC0})
            for (int k = 5; k < 9; ++k) bomb[i + static_cast<std::size_t>(k)] = std::byte{0xFA};
    EXPECT_TRUE(only(check_image(bomb), ImageRule::too_large));
}

TEST(CheckJpeg, WhatPillowLoadsIsRewritten) {
    // Which files without an end marker load depends on how far libjpeg reads ahead: both kinds
    // must occur.
    int rewritten = 0, dropped = 0;
    for (int width = 33; width < 93; ++width) {
        const Bytes bytes = make_jpeg({.width = width});
        const ImageReport report = check_image(cut(bytes, bytes.size() - 2));
        ASSERT_TRUE(only(report, ImageRule::missing_eoi));
        rewritten += report.issues[0].verdict == Verdict::rewrites_file;
        dropped += report.issues[0].verdict == Verdict::drops_image;
    }
    EXPECT_GT(rewritten, 0);
    EXPECT_GT(dropped, 0);
    EXPECT_EQ(rewritten + dropped, 60);
}

}  // namespace
}  // namespace yolodata
