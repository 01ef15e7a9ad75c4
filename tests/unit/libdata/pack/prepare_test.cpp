// SPDX-License-Identifier: Apache-2.0
#include "pack/prepare.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "drawn_folder.hpp"
#include "yolodata/augment/resize.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata::pack {
namespace {

using testing::drawn_picture;
using testing::DrawnFolder;

std::string jpeg_of(const Picture& picture) {
    const auto bytes = encode_jpeg(picture);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Prepares the one image of a split that holds `content`.
Prepared prepare_file(const std::string& content, const std::string& codec, int imgsz,
                      const std::string& name = "images/train/a.jpg") {
    const DrawnFolder folder;
    folder.write(name, content);
    const Dataset dataset = folder.open();
    MemoryBudget budget(1 << 20);
    shard::SetOptions options;
    options.codec = codec;
    options.imgsz = imgsz;
    return prepare(examine(dataset, dataset.images.at(0), {}), name, options, budget);
}

std::string text_of(const std::vector<std::uint8_t>& payload) { return {payload.begin(), payload.end()}; }
Picture decoded(const std::string& bytes) { return decode(std::as_bytes(std::span(bytes))); }

TEST(Prepare, RawIsTheDecodedAndResizedPicture) {
    const std::string jpeg = jpeg_of(drawn_picture(100, 60));
    const Prepared p = prepare_file(jpeg, "raw", 50);
    ASSERT_FALSE(p.left_out);
    EXPECT_EQ(p.record.width, 50);
    EXPECT_EQ(p.record.height, 30);
    EXPECT_EQ(p.record.source_width, 100);
    EXPECT_EQ(p.record.payload, resize_to_long_side(decoded(jpeg), 50).rgb);
    EXPECT_EQ(p.record.checksum, shard::payload_checksum(p.record.payload));
    EXPECT_EQ(p.record.source, "images/train/a.jpg");
}

TEST(Prepare, SmallPicturesAreEnlarged) {
    const Prepared p = prepare_file(jpeg_of(drawn_picture(20, 40)), "raw", 80);
    EXPECT_EQ(p.record.width, 40);
    EXPECT_EQ(p.record.height, 80);
}

TEST(Prepare, AJpegOfTheRightSizePassesThrough) {
    const std::string jpeg = jpeg_of(drawn_picture(64, 48));
    const Prepared p = prepare_file(jpeg, "jpeg", 64);
    EXPECT_TRUE(p.passed_through);
    EXPECT_EQ(text_of(p.record.payload), jpeg);
    EXPECT_EQ(p.record.width, 64);
    EXPECT_EQ(p.record.height, 48);
    EXPECT_EQ(p.record.source_height, 48);
}

TEST(Prepare, WhatIsNoWholeUprightJpegOfThatSizeIsMadeAnew) {
    const std::string jpeg = jpeg_of(drawn_picture(64, 48));
    const auto made_anew = [](const Prepared& p) {
        EXPECT_FALSE(p.left_out);
        EXPECT_FALSE(p.passed_through);
        const Picture picture = decoded(text_of(p.record.payload));
        EXPECT_EQ(picture.width, p.record.width);
        EXPECT_EQ(picture.height, p.record.height);
        return picture;
    };
    made_anew(prepare_file(jpeg, "jpeg", 32));
    made_anew(prepare_file(jpeg + std::string(100, 'x'), "jpeg", 64));        // bytes behind the end
    const auto png = encode_png(drawn_picture(64, 48));
    made_anew(prepare_file({reinterpret_cast<const char*>(png.data()), png.size()}, "jpeg", 64, "images/train/a.png"));
}

TEST(Prepare, ExifTurnsAreDoneOnceAndForAll) {
    const std::string upright = jpeg_of(drawn_picture(64, 48));
    for (const std::string codec : {"jpeg", "raw"}) {
        const Prepared p = prepare_file(testing::with_orientation(upright, 6), codec, 64);  // 6: turned by 90°
        ASSERT_FALSE(p.left_out);
        EXPECT_FALSE(p.passed_through);
        EXPECT_EQ(p.record.width, 48);
        EXPECT_EQ(p.record.height, 64);
        EXPECT_EQ(p.record.source_width, 48);
        if (codec == "raw") {
            // The stored picture's top right corner is the coded one's top left.
            const Picture coded = decoded(upright);
            for (int c = 0; c < 3; ++c) EXPECT_EQ(p.record.payload[3 * 47 + c], coded.rgb[c]);
        } else {
            const std::string payload = text_of(p.record.payload);
            EXPECT_EQ(payload.find("Exif"), std::string::npos);  // nobody can turn it twice
        }
    }
}

TEST(Prepare, AMetadataGiantIsNotTakenAsItIs) {
    // A comment segment of 60,000 bytes: longer than the 64·48·3 pixels.
    std::string jpeg = jpeg_of(drawn_picture(64, 48));
    jpeg.insert(2, std::string("\xff\xfe\xea\x62", 4) + std::string(60000, 'c'));
    const Prepared p = prepare_file(jpeg, "jpeg", 64);
    EXPECT_FALSE(p.passed_through);
    EXPECT_LT(p.record.payload.size(), 10000u);
}

TEST(Prepare, DamageLeavesTheImageOutWithItsReason) {
    const std::string jpeg = jpeg_of(drawn_picture(640, 480));
    const Prepared p = prepare_file(jpeg.substr(0, jpeg.size() / 2), "raw", 64);
    ASSERT_TRUE(p.left_out);
    ASSERT_EQ(p.left_out->reasons.size(), 1u);
    EXPECT_EQ(p.left_out->reasons[0].rule, "image/truncated");
    EXPECT_FALSE(p.left_out->reasons[0].message.empty());
}

TEST(Prepare, AWarningThatMakesUltralyticsDropTheImageIsAReasonToo) {
    const std::string jpeg = jpeg_of(drawn_picture(64, 48));
    const Prepared p = prepare_file(jpeg.substr(0, jpeg.size() - 2), "jpeg", 64);
    ASSERT_TRUE(p.left_out);
    EXPECT_EQ(p.left_out->reasons.at(0).rule, "image/missing-eoi");
}

TEST(Prepare, DamageThatOnlyTheDecoderFindsLeavesTheImageOutToo) {
    Examined examined;  // as if every check had passed
    examined.usable = true;
    examined.width = examined.height = 64;
    const std::string no_picture = "not a picture";
    examined.image_bytes.resize(no_picture.size());
    std::memcpy(examined.image_bytes.data(), no_picture.data(), no_picture.size());
    MemoryBudget budget(1 << 20);
    const Prepared p = prepare(std::move(examined), "x", {}, budget);
    ASSERT_TRUE(p.left_out);
    EXPECT_TRUE(p.left_out->reasons.at(0).rule.starts_with("image/"));
}

TEST(Prepare, PicturesOfLibheifAreGivenTheMemoryThatTheyTake) {
    const auto peak = [](const std::string& head) {
        Examined examined;
        examined.usable = true;
        examined.width = examined.height = 100;
        examined.image_bytes.resize(head.size());
        std::memcpy(examined.image_bytes.data(), head.data(), head.size());
        MemoryBudget budget(1 << 20);
        shard::SetOptions options;
        options.imgsz = 10;
        EXPECT_TRUE(prepare(std::move(examined), "x", options, budget).left_out);  // is nothing but a head
        return budget.peak();
    };
    const std::string sizes("\0\0\0\x18", 4), rest("\0\0\0\0mif1miaf", 12);
    EXPECT_EQ(peak("\xff\xd8\xff\xe0"), 6u * 100 * 100 + 300);
    EXPECT_EQ(peak(sizes + "ftypavif" + rest), 24u * 100 * 100 + 300);
    EXPECT_EQ(peak(sizes + "ftypheic" + rest), 24u * 100 * 100 + 300);
}

}  // namespace
}  // namespace yolodata::pack
