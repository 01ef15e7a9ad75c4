// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <span>
#include <string>

#include "drawn.hpp"
#include "yolodata/image/check.hpp"

namespace yolodata {
namespace {

ImageReport header_of(const test::Bytes& bytes) {
    return check_image(bytes, {.header_only = true});
}

// The first part of a file, without most of its pixels.
test::Bytes cut(const test::Bytes& bytes) {
    return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * 2 / 3)};
}

TEST(HeaderOnly, SaysTheSizeOfAPictureWhosePixelsAreDamaged) {
    for (const bool progressive : {false, true}) {
        const ImageReport jpeg = header_of(cut(test::make_jpeg({.progressive = progressive})));
        EXPECT_EQ(jpeg.width, 64);
        EXPECT_EQ(jpeg.height, 48);
        EXPECT_TRUE(jpeg.issues.empty());
    }
    const ImageReport png = header_of(cut(test::make_png({})));
    EXPECT_EQ(png.width, 40);
    EXPECT_EQ(png.height, 30);
    EXPECT_TRUE(png.issues.empty());
}

TEST(HeaderOnly, TurnsTheSizeByTheOrientation) {
    using namespace std::string_literals;
    const auto jpeg =
        test::with_segment(test::make_jpeg({}), 0xE1, "Exif\0\0"s + test::exif_block(6));
    const ImageReport report = header_of(jpeg);
    EXPECT_EQ(report.width, 48);
    EXPECT_EQ(report.height, 64);
    EXPECT_EQ(check_image(jpeg).width, report.width);
}

TEST(HeaderOnly, RefusesWhatAHeaderShows) {
    EXPECT_TRUE(header_of({}).find(ImageRule::empty));
    EXPECT_TRUE(header_of(test::to_bytes("no picture")).find(ImageRule::unknown_format));
    EXPECT_TRUE(header_of(test::make_png({.width = 5})).find(ImageRule::too_small));
    const ImageReport large =
        check_image(test::make_jpeg({}), {.max_pixels = 100, .header_only = true});
    EXPECT_TRUE(large.find(ImageRule::too_large));
}

// The seeds of the fuzz targets: every format, sound and damaged. Whatever a prefix says must be
// what the whole file says.
TEST(HeaderOnly, APrefixSaysTheSameOrAsksForMore) {
    int said = 0;
    for (const char* folder : {"jpeg", "png", "image"})
        for (const auto& entry : std::filesystem::directory_iterator(
                 std::string(YOLO_VECTORS "/../fuzz/corpus/") + folder)) {
            const test::Bytes bytes = test::read_file(entry.path().string());
            const ImageReport whole = header_of(bytes);
            for (std::size_t size = 1; size < bytes.size(); size += size < 2000 ? 1 : 97) {
                const ImageReport part = check_image(std::span(bytes).first(size),
                                                     {.header_only = true, .is_prefix = true});
                if (part.needs_more) continue;
                ++said;
                ASSERT_EQ(part.width, whole.width) << entry.path() << ' ' << size;
                ASSERT_EQ(part.height, whole.height) << entry.path() << ' ' << size;
                ASSERT_EQ(part.orientation, whole.orientation) << entry.path() << ' ' << size;
                ASSERT_EQ(part.format, whole.format) << entry.path() << ' ' << size;
                ASSERT_EQ(part.issues.size(), whole.issues.size()) << entry.path() << ' ' << size;
            }
        }
    EXPECT_GT(said, 1000);
}

}  // namespace
}  // namespace yolodata
