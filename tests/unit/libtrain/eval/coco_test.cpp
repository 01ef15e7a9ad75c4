// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/coco.hpp"

#include <gtest/gtest.h>

#include "metric_case.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using test::Case;
using yolodata::PixelBox;

class CocoParity : public test::MetricCases {};

/// pycocotools on the same boxes.
void expect_coco(const Case& c, int max_det, const nlohmann::json& expected) {
    CocoAccumulator coco(c.nc, max_det);
    for (std::int64_t image = 0; image < c.images; ++image) coco.add(c.detections(image), c.targets(image));
    const CocoMetrics m = coco.compute();
    ASSERT_TRUE(m.ap);
    EXPECT_NEAR(*m.ap, expected.at("AP").get<double>(), 1e-9);
    EXPECT_NEAR(*m.ap50, expected.at("AP50").get<double>(), 1e-9);
    std::size_t row = 0;
    for (const auto& ap : m.class_ap) {
        const auto& list = expected.at("ap_per_class");
        const bool all_classes = list.size() == m.class_ap.size();
        if (!ap) {
            row += all_classes ? 1 : 0;
            continue;
        }
        for (std::size_t t = 0; t < ap->size(); ++t) EXPECT_NEAR((*ap)[t], list[row][t].get<double>(), 1e-9);
        ++row;
    }
    EXPECT_EQ(row, expected.at("ap_per_class").size());
}

TEST_P(CocoParity, NumbersArePycocotools) {
    const Case c(GetParam(), path_, json_);
    const auto& expected = c.expected.at("pycocotools");
    expect_coco(c, 100, expected.at("maxdets100"));
    expect_coco(c, 300, expected.at("maxdets300"));
}

INSTANTIATE_TEST_SUITE_P(Cases, CocoParity, testing::Values("real", "synthetic", "ties", "matching"),
                         [](const auto& test) { return std::string(test.param); });

/// A square of this side at (x, 0).
PixelBox target(float x, float side) { return {0, x, 0, x + side, side}; }
Detection found(float x, float side, float confidence) { return {x, 0, x + side, side, confidence, 0, 0}; }

TEST(Coco, SizesAreJudgedApart) {
    CocoAccumulator coco(1);
    coco.add(std::vector{found(0, 20, 0.9F), found(100, 50, 0.8F), found(500, 100, 0.7F)},
             std::vector{target(0, 20), target(100, 50), target(300, 50)});
    const CocoMetrics m = coco.compute();
    EXPECT_NEAR(*m.ap_small, 1, 1e-12);
    EXPECT_NEAR(*m.ap_medium, 51.0 / 101, 1e-12);  // half of them found, none wrong
    EXPECT_FALSE(m.ap_large);                      // the false alarm alone does not make one
    EXPECT_NEAR(*m.ar_medium, 0.5, 1e-12);
    EXPECT_NEAR(*m.ar1, 1.0 / 3, 1e-12);
    EXPECT_NEAR(*m.ar10, 2.0 / 3, 1e-12);
    EXPECT_NEAR(*m.ap, 67.0 / 101, 1e-12);
}

TEST(Coco, CutsTheDetectionsOfAPictureAndClass) {
    CocoAccumulator one(1, 1);
    one.add(std::vector{found(0, 40, 0.5F), found(100, 40, 0.9F)}, std::vector{target(0, 40), target(100, 40)});
    EXPECT_NEAR(*one.compute().ar, 0.5, 1e-12);
    EXPECT_THROW(CocoAccumulator(0), yolodata::Error);
}

TEST(Coco, WithoutGroundTruthThereIsNoNumber) {
    CocoAccumulator coco(2);
    coco.add(std::vector{found(0, 40, 0.5F)}, {});
    const CocoMetrics m = coco.compute();
    EXPECT_FALSE(m.ap || m.ap50 || m.ar);
    EXPECT_EQ(m.class_ap.size(), 2U);
}

}  // namespace
}  // namespace yolotrain
