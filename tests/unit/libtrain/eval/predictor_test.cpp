// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/predictor.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "cell_model.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

TEST(Prepare, PadsToTheNextMultiplesOf32Only) {
    const struct {
        int width, height, imgsz, input_width, input_height, left, top;
    } cases[] = {
        {640, 480, 640, 640, 480, 0, 0},
        {640, 480, 320, 320, 256, 0, 8},  // 240 rows: 8 above, 8 below
        {480, 640, 320, 256, 320, 8, 0},
        {100, 100, 320, 320, 320, 0, 0},  // small pictures are enlarged
        {1000, 10, 320, 320, 32, 0, 14},  // 3 rows: 29 of padding, the smaller half above
        {1, 1000, 320, 32, 320, 16, 0},   // a side never falls under 1 px
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(testing::Message() << c.width << "x" << c.height << " at " << c.imgsz);
        yolodata::Picture picture(c.width, c.height);
        std::fill(picture.rgb.begin(), picture.rgb.end(), std::uint8_t{200});
        const NetworkInput input = prepare(picture, c.imgsz);
        EXPECT_EQ(input.width, c.input_width);
        EXPECT_EQ(input.height, c.input_height);
        EXPECT_NEAR(input.where.left, c.left, 1);
        EXPECT_NEAR(input.where.top, c.top, 1);
        EXPECT_EQ(input.rgb.size(), static_cast<std::size_t>(3) * input.width * input.height);
        // The picture lies exactly where it is said to lie.
        const auto grey = std::count(input.rgb.begin(), input.rgb.end(), std::uint8_t{114});
        const auto picture_pixels =
            std::count(input.rgb.begin(), input.rgb.end(), std::uint8_t{200});
        EXPECT_EQ(grey + picture_pixels, static_cast<std::ptrdiff_t>(input.rgb.size()));
        const std::size_t first =
            static_cast<std::size_t>(input.where.top) * input.width + input.where.left;
        EXPECT_EQ(input.rgb[3 * first], 200);
        if (first > 0) {
            EXPECT_EQ(input.rgb[3 * first - 1], 114);
        }
    }
}

TEST(Predictor, BoxesComeBackToThePictureAndAreClipped) {
    PredictOptions options;
    options.imgsz = 320;
    const YoloV8 model = cell_detector(2, 0.9);
    const Predictor predictor(model, options);
    // 640 × 480 at half size in 320 × 256, 8 px of padding above and below: 10 × 8 cells.
    const std::vector<Detection> found =
        predictor.predict(prepare(yolodata::Picture(640, 480), 320));
    ASSERT_EQ(found.size(), 80U);
    EXPECT_NEAR(found[0].confidence, 0.9, 1e-5);
    EXPECT_NEAR(found[0].x1, 0, 1e-3);
    EXPECT_NEAR(found[0].y1, 0, 1e-3);  // −16 before it is clipped
    EXPECT_NEAR(found[0].x2, 64, 1e-3);
    EXPECT_NEAR(found[0].y2, 48, 1e-3);
    EXPECT_NEAR(found[11].x1, 64, 1e-3);
    EXPECT_NEAR(found[11].y1, 48, 1e-3);
    EXPECT_NEAR(found[79].x2, 640, 1e-3);
    EXPECT_NEAR(found[79].y2, 480, 1e-3);
}

TEST(Predictor, OptionsHold) {
    const NetworkInput input = prepare(yolodata::Picture(64, 64), 64);
    const YoloV8 model = cell_detector(2, 0.9), unsure = cell_detector(2, 0.2);
    PredictOptions options;
    options.imgsz = 64;
    options.max_det = 3;
    EXPECT_EQ(Predictor(model, options).predict(input).size(), 3U);
    options.max_det = 300;
    options.classes = {1};
    EXPECT_TRUE(Predictor(model, options).predict(input).empty());
    options.classes = {};
    EXPECT_TRUE(Predictor(unsure, options).predict(input).empty());  // under conf 0.25
    options.classes = {2};
    EXPECT_THROW(Predictor(model, options), yolodata::Error);
    options.classes = {};
    options.imgsz = 100;
    EXPECT_THROW(Predictor(model, options), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
