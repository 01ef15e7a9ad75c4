// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/format.hpp"

#include <gtest/gtest.h>

#include "drawn.hpp"
#include "yolodata/image/check.hpp"

namespace yolodata {
namespace {

using namespace std::string_literals;

TEST(Format, BySignature) {
    const std::pair<std::string, Format> cases[] = {
        {"\xFF\xD8\xFF\xE0"s, Format::jpeg},
        {"\x89PNG\r\n\x1A\n"s, Format::png},
        {"GIF89a"s, Format::gif},
        {"RIFF\1\0\0\0WEBPVP8 "s, Format::webp},
        {"RIFF\1\0\0\0WAVEfmt "s, Format::unknown},
        {"II*\0\x08\0\0\0\0\0"s, Format::tiff},
        {"MM\0*\0\0\0\x08\0\0"s, Format::tiff},
        {"II*\0\x08\0\0\0\1\0\x12\xC6\1\0\4\0\0\0\1\4\0\0"s, Format::dng},
        {"\0\0\0\x1C"
         "ftypavif\0\0\0\0mif1avifmiaf"s,
         Format::avif},
        {"\0\0\0\x18"
         "ftypmif1\0\0\0\0mif1avif"s,
         Format::avif},
        {"\0\0\0\x18"
         "ftypheic\0\0\0\0mif1heic"s,
         Format::heic},
        {"\0\0\0\x18"
         "ftypisom\0\0\0\0isomavc1"s,
         Format::unknown},
        {"\0\0\0\x0CjP  \r\n\x87\n"s, Format::jpeg2000},
        {"\xFF\x4F\xFF\x51"s, Format::jpeg2000},
        {"P5\n10 10\n255\n"s, Format::pnm},
        {"P5x"s, Format::unknown},
        {"PNG"s, Format::unknown},
        {"8BPS\0\1"s, Format::psd},
        {"just text"s, Format::unknown},
        {"\xFF\xD8"s, Format::unknown},
        {""s, Format::unknown},
    };
    for (const auto& [text, format] : cases)
        EXPECT_EQ(detect_format(test::to_bytes(text)), format)
            << text << " is " << format_name(format);
}

TEST(Format, Suffixes) {
    EXPECT_TRUE(suffix_fits(Format::jpeg, "a/b.JPG"));
    EXPECT_TRUE(suffix_fits(Format::jpeg, "b.jpeg"));
    EXPECT_TRUE(suffix_fits(Format::jpeg, "b.mpo"));
    EXPECT_TRUE(suffix_fits(Format::tiff, "b.TIFF"));
    EXPECT_FALSE(suffix_fits(Format::png, "b.jpg"));
    EXPECT_FALSE(suffix_fits(Format::png, "b.pn"));
    EXPECT_FALSE(suffix_fits(Format::png, "png"));
    EXPECT_FALSE(suffix_fits(Format::png, "a.png/b"));
    EXPECT_FALSE(suffix_fits(Format::unknown, "a."));
}

TEST(CheckImage, NamesWhatItCannotDecode) {
    const ImageReport gif = check_image(test::to_bytes("GIF89a...."));
    ASSERT_EQ(gif.issues.size(), 1u);
    EXPECT_EQ(gif.issues[0].rule, ImageRule::unsupported_format);
    EXPECT_EQ(gif.issues[0].message.substr(0, 3), "GIF");
    EXPECT_EQ(check_image({}).issues[0].rule, ImageRule::empty);
    EXPECT_EQ(check_image(test::to_bytes("text")).issues[0].rule, ImageRule::unknown_format);
    EXPECT_EQ(rule_id(ImageRule::unknown_format), "image/unknown-format");
}

}  // namespace
}  // namespace yolodata
