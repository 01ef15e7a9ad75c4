// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/resize.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "yolodata/core/sha256.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {
namespace {

namespace fs = std::filesystem;

std::string sha256_of(const Picture& picture) {
    return to_hex(sha256(std::as_bytes(std::span(picture.rgb))));
}

Picture read_picture(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes(std::istreambuf_iterator<char>(file), {});
    return decode(std::as_bytes(std::span(bytes)));
}

// Computed by Ultralytics 8.4.190. One of its pictures lies in the repository; the others are
// compared where the data sets are.
TEST(Letterbox, EqualsUltralytics) {
    const auto vectors =
        nlohmann::json::parse(std::ifstream(YOLO_VECTORS "/letterbox/letterbox.json"));
    int compared = 0;
    for (const auto& vector : vectors["images"]) {
        const fs::path file = vector["file"].get<std::string>();
        fs::path path = fs::path(YOLO_VECTORS "/images") / file.filename();
        if (!fs::exists(path)) path = fs::path(YOLO_SHARED "/data") / file;
        if (!fs::exists(path)) continue;
        const Picture picture = read_picture(path);
        ASSERT_EQ(sha256_of(picture), vector["decoded_rgb_sha256"].get<std::string>());
        // "auto" pads to the next multiple of the stride only: the output's size is the target
        // then.
        const int height = vector["output_hw"][0], width = vector["output_hw"][1];
        Letterbox where;
        const Picture boxed =
            letterbox(picture, width, height, vector["options"]["scaleup"], &where);
        EXPECT_EQ(sha256_of(boxed), vector["output_rgb_sha256"].get<std::string>()) << file;
        EXPECT_DOUBLE_EQ(where.scale_x, vector["ratio_w_h"][0].get<double>());
        EXPECT_EQ(where.left, vector["pad_left_top_right_bottom"][0].get<int>());
        EXPECT_EQ(where.top, vector["pad_left_top_right_bottom"][1].get<int>());
        ++compared;
    }
    EXPECT_GE(compared, 1);
}

TEST(Letterbox, OddPaddingAndHalves) {
    Letterbox where;
    const Picture wide =
        letterbox(Picture(100, 33), 64, 64, true, &where);  // 64 x 21.12 → 21, 43 px of padding
    EXPECT_EQ(where.top, 21);
    EXPECT_DOUBLE_EQ(where.pad_y, 21.5);
    EXPECT_EQ(where.left, 0);
    EXPECT_EQ(wide.row(20)[0], 114);
    EXPECT_EQ(wide.row(21)[0], 0);
    EXPECT_EQ(wide.row(41)[0], 0);
    EXPECT_EQ(wide.row(42)[0], 114);
    letterbox(Picture(1000, 1), 100, 100, true, &where);  // 0.1 px high: 1 px stays
    EXPECT_DOUBLE_EQ(where.pad_y, 49.5);
    letterbox(Picture(200, 5), 100, 100, true, &where);  // 2.5 px high: to the even side
    EXPECT_DOUBLE_EQ(where.pad_y, 49);
}

TEST(Letterbox, NeverEnlargesForValidation) {
    Letterbox where;
    Picture small(10, 8);
    std::fill(small.rgb.begin(), small.rgb.end(), std::uint8_t{7});
    const Picture boxed = letterbox(small, 32, 32, false, &where);
    EXPECT_EQ(where.scale_x, 1);
    EXPECT_EQ(where.left, 11);
    EXPECT_EQ(where.top, 12);
    int inside = 0;
    for (std::uint8_t value : boxed.rgb) inside += value == 7;
    EXPECT_EQ(inside, 10 * 8 * 3);
}

TEST(Resize, LongSide) {
    using Size = std::pair<int, int>;
    EXPECT_EQ(resized_to_long_side(640, 480, 320), (Size{320, 240}));
    EXPECT_EQ(resized_to_long_side(480, 641, 320), (Size{240, 320}));  // 239.6 is rounded up
    EXPECT_EQ(resized_to_long_side(100, 3, 640), (Size{640, 20}));     // 19.2 too
    EXPECT_EQ(resized_to_long_side(320, 111, 320), (Size{320, 111}));
    EXPECT_EQ(resized_to_long_side(5000, 1, 320), (Size{320, 1}));
    for (int side = 1; side < 3000; ++side)
        EXPECT_EQ(resized_to_long_side(side, side, 640), (Size{640, 640}));
}

TEST(Resize, KeepsWhatFits) {
    Picture picture(4, 3);
    picture.rgb[5] = 9;
    const auto* pixels = picture.rgb.data();
    const Picture kept = resize_to_long_side(std::move(picture), 4);
    EXPECT_EQ(kept.rgb.data(), pixels);
    const Picture half = resize_to_long_side(kept, 2);
    EXPECT_EQ(half.width, 2);
    EXPECT_EQ(half.height, 2);
}

}  // namespace
}  // namespace yolodata
