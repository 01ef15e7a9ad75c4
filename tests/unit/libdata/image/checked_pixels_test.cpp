// SPDX-License-Identifier: Apache-2.0
// A check that makes pixels besides must say what the check alone says, and give what decode() gives.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "drawn.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

using test::Bytes;
using test::JpegKind;
using test::make_jpeg;

std::string describe(const ImageReport& r) {
    std::string text;
    for (const auto number : {static_cast<std::uint64_t>(r.header_width), static_cast<std::uint64_t>(r.header_height),
                              static_cast<std::uint64_t>(r.width), static_cast<std::uint64_t>(r.height),
                              static_cast<std::uint64_t>(r.orientation), static_cast<std::uint64_t>(r.mode),
                              static_cast<std::uint64_t>(r.bits), static_cast<std::uint64_t>(r.frames),
                              static_cast<std::uint64_t>(r.whole), r.end})
        text += std::to_string(number) + ' ';
    for (const ImageIssue& i : r.issues)
        text += '\n' + std::string(rule_id(i.rule)) + ' ' + std::string(to_string(i.severity)) + ' ' +
                std::string(to_string(i.verdict)) + ' ' + std::to_string(static_cast<int>(i.fix)) + ' ' + i.message;
    return text;
}

/// Whether the check made the pixels; whatever it did, its report and its pixels are right.
bool compare(const Bytes& bytes, int long_side = 0) {
    CheckedPixels pixels;
    pixels.wanted = [](int, int, int) { return true; };
    pixels.long_side = long_side;
    CheckOptions with;
    with.pixels = &pixels;
    const ImageReport alone = check_image(bytes);
    EXPECT_EQ(describe(check_image(bytes, with)), describe(alone));
    if (pixels.picture.empty()) return false;
    EXPECT_TRUE(alone.whole);
    const Picture decoded = decode(bytes, {.long_side = long_side});
    EXPECT_EQ(pixels.picture.width, decoded.width);
    EXPECT_EQ(pixels.picture.height, decoded.height);
    EXPECT_TRUE(pixels.picture.rgb == decoded.rgb);
    return true;
}

std::vector<JpegKind> kinds() {
    std::vector<JpegKind> kinds(12);
    kinds[1].progressive = true;
    kinds[2].arithmetic = true;
    kinds[3].arithmetic = kinds[3].progressive = true;
    kinds[4].gray = true;
    kinds[5].cmyk = true;
    kinds[6].sampling = 1;
    kinds[7].restart_rows = 1;
    kinds[8].interleaved = false;
    kinds[9].width = 61, kinds[9].height = 47;
    kinds[10].cmyk = kinds[10].progressive = true;
    kinds[11].restart_rows = 1, kinds[11].progressive = true;
    return kinds;
}

TEST(CheckedPixels, OfEveryKindAreThoseOfDecode) {
    for (const JpegKind& kind : kinds()) {
        EXPECT_TRUE(compare(make_jpeg(kind)));
        EXPECT_TRUE(compare(make_jpeg(kind), 20));  // at half the size
        EXPECT_TRUE(compare(test::with_segment(make_jpeg(kind), 0xE1, std::string("Exif\0\0", 6) + test::exif_block(6))));
    }
}

TEST(CheckedPixels, AreNoneIfNotWanted) {
    const Bytes bytes = make_jpeg({});
    CheckedPixels pixels;
    CheckOptions options;
    options.pixels = &pixels;
    EXPECT_TRUE(check_image(bytes, options).whole);
    EXPECT_TRUE(pixels.picture.empty());
    int asked = 0;
    pixels.wanted = [&](int width, int height, int orientation) {
        EXPECT_EQ(width, 64);
        EXPECT_EQ(height, 48);
        EXPECT_EQ(orientation, 1);
        return ++asked, false;
    };
    EXPECT_TRUE(check_image(bytes, options).whole);
    EXPECT_EQ(asked, 1);
    EXPECT_TRUE(pixels.picture.empty());
}

TEST(CheckedPixels, CutFilesAreJudgedAlike) {
    for (JpegKind kind : kinds()) {
        kind.height = 32;
        const Bytes bytes = make_jpeg(kind);
        for (std::size_t size = 0; size < bytes.size(); size += size + 40 < bytes.size() ? 7 : 1)
            for (const int side : {0, 20})
                EXPECT_FALSE(compare({bytes.begin(), bytes.begin() + static_cast<long>(size)}, side)) << size;
    }
}

TEST(CheckedPixels, WrongBytesAreJudgedAlike) {
    Random random(1, 0, 0, Purpose::choice);
    int made = 0, files = 0;
    for (const JpegKind& kind : kinds()) {
        const Bytes whole = make_jpeg(kind);
        for (int i = 0; i < 150; ++i, ++files) {
            Bytes bytes = whole;
            bytes[random.below(bytes.size())] = static_cast<std::byte>(random.below(256));
            if (i % 3 == 0) bytes.push_back(static_cast<std::byte>(i));
            made += compare(bytes, i % 2 == 0 ? 0 : 20) ? 1 : 0;
        }
    }
    EXPECT_GT(made, files / 100);  // metadata, and values that decode to another picture
    EXPECT_LT(made, files * 3 / 4);
}

TEST(CheckedPixels, OfTheCorpus) {
    const std::string corpus = YOLO_SHARED "/corpus/cases";
    if (!std::filesystem::exists(corpus)) GTEST_SKIP() << "no corpus at " << corpus;
    int compared = 0, made = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(corpus)) {
        if (!entry.is_regular_file() || entry.path().string().find("/images/") == std::string::npos) continue;
        const Bytes bytes = test::read_file(entry.path().string());
        if (detect_format(bytes) != Format::jpeg) continue;
        SCOPED_TRACE(entry.path().string());
        made += compare(bytes) ? 1 : 0;
        compare(bytes, 100);
        ++compared;
    }
    EXPECT_GT(compared, 200);
    EXPECT_GT(made, 100);
}

}  // namespace
}  // namespace yolodata
