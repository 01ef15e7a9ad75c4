// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/metrics.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "metric_case.hpp"
#include "vectors.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using test::Case;

void expect_metrics(const DetectionMetrics& metrics, const nlohmann::json& expected) {
    const double allowed = 1e-9;
    ASSERT_EQ(metrics.classes.size(), expected.at("classes").size());
    for (std::size_t i = 0; i < metrics.classes.size(); ++i) {
        const ClassCurves& c = metrics.classes[i];
        EXPECT_EQ(c.cls, expected.at("classes")[i].get<int>());
        for (int t = 0; t < kIouThresholds; ++t) {
            EXPECT_NEAR(c.ap[t], expected.at("ap")[i][t].get<double>(), allowed)
                << c.cls << " at " << t;
        }
        EXPECT_NEAR(c.precision, expected.at("p")[i].get<double>(), allowed);
        EXPECT_NEAR(c.recall, expected.at("r")[i].get<double>(), allowed);
        EXPECT_NEAR(c.f1, expected.at("f1")[i].get<double>(), allowed);
    }
    EXPECT_EQ(metrics.best_f1_index, expected.at("best_f1_index_of_1000").get<int>());
    const auto means = expected.at("mean_results_P_R_mAP50_mAP").get<std::vector<double>>();
    EXPECT_NEAR(metrics.precision, means[0], allowed);
    EXPECT_NEAR(metrics.recall, means[1], allowed);
    EXPECT_NEAR(metrics.map50, means[2], allowed);
    EXPECT_NEAR(metrics.map, means[3], allowed);
}

class MetricsParity : public test::MetricCases {};

TEST_P(MetricsParity, TruePositivesAreExact) {
    const Case c(GetParam(), path_, json_);
    std::size_t rows = 0;
    for (std::int64_t image = 0; image < c.images; ++image) {
        const std::vector<Detection> detections = c.detections(image);
        const std::vector<TruePositives> tp = match_detections(detections, c.targets(image));
        for (std::size_t i = 0; i < tp.size(); ++i, ++rows) {
            for (int t = 0; t < kIouThresholds; ++t) {
                EXPECT_EQ((tp[i] >> t) & 1, c.tp[detections[i].anchor * kIouThresholds + t])
                    << "detection " << detections[i].anchor << " at threshold " << t;
            }
        }
    }
    EXPECT_EQ(rows, c.det_image.size());
}

TEST_P(MetricsParity, NumbersAreExactInTheReferencesOrder) {
    const Case c(GetParam(), path_, json_);
    std::vector<MetricRow> rows;
    for (const std::int64_t i : c.order) {
        MetricRow row{c.det[6 * i + 4], static_cast<int>(c.det[6 * i + 5]), 0, 0};
        for (int t = 0; t < kIouThresholds; ++t) {
            if (c.tp[i * kIouThresholds + t] != 0) row.tp |= static_cast<TruePositives>(1U << t);
        }
        rows.push_back(row);
    }
    std::vector<std::int64_t> targets(static_cast<std::size_t>(c.nc), 0);
    for (std::size_t i = 0; i < c.gt_image.size(); ++i) ++targets[static_cast<int>(c.gt[5 * i])];
    const DetectionMetrics metrics = compute_metrics(rows, targets);
    expect_metrics(metrics, c.expected.at("ultralytics"));

    if (std::string(GetParam()) != "real" && std::string(GetParam()) != "synthetic" &&
        std::string(GetParam()) != "ties") {
        return;  // the others come without curves
    }
    const std::vector<float> p = c.file.get<float>("p_curve"), r = c.file.get<float>("r_curve"),
                             f1 = c.file.get<float>("f1_curve");
    for (std::size_t k = 0; k < metrics.classes.size(); ++k) {
        for (int i = 0; i < kCurvePoints; ++i) {
            ASSERT_NEAR(metrics.classes[k].precision_curve[i], p[k * kCurvePoints + i], 1e-6);
            ASSERT_NEAR(metrics.classes[k].recall_curve[i], r[k * kCurvePoints + i], 1e-6);
            ASSERT_NEAR(metrics.classes[k].f1_curve[i], f1[k * kCurvePoints + i], 1e-6);
        }
    }
}

TEST_P(MetricsParity, AccumulatorCountsAndSortsStably) {
    const Case c(GetParam(), path_, json_);
    MetricsAccumulator all(c.nc);
    for (std::int64_t image = 0; image < c.images; ++image) {
        all.add(static_cast<std::uint64_t>(image), c.detections(image), c.targets(image));
    }
    EXPECT_EQ(all.images(), c.images);
    EXPECT_EQ(
        all.class_instances(),
        c.expected.at("ultralytics").at("targets_per_class").get<std::vector<std::int64_t>>());
    EXPECT_EQ(all.class_images(),
              c.expected.at("ultralytics").at("images_per_class").get<std::vector<std::int64_t>>());
    const DetectionMetrics metrics = all.compute();
    const nlohmann::json& ap = c.expected.at("ultralytics_ap_with_stable_order");
    ASSERT_EQ(metrics.classes.size(), ap.size());
    for (std::size_t k = 0; k < ap.size(); ++k) {
        for (int t = 0; t < kIouThresholds; ++t) {
            EXPECT_NEAR(metrics.classes[k].ap[t], ap[k][t].get<double>(), 1e-9) << k << " at " << t;
        }
    }

    // Parts of the split, added and merged in another order, give the same.
    MetricsAccumulator even(c.nc), odd(c.nc);
    for (std::int64_t image = c.images - 1; image >= 0; --image) {
        (image % 2 == 0 ? even : odd)
            .add(static_cast<std::uint64_t>(image), c.detections(image), c.targets(image));
    }
    odd.merge(even);
    const DetectionMetrics merged = odd.compute();
    EXPECT_EQ(merged.map, metrics.map);
    EXPECT_EQ(merged.map50, metrics.map50);
    EXPECT_EQ(merged.precision, metrics.precision);
    EXPECT_EQ(odd.images(), all.images());
    EXPECT_EQ(odd.class_images(), all.class_images());
}

INSTANTIATE_TEST_SUITE_P(Vectors, MetricsParity,
                         testing::Values("matching", "ties", "perfect", "no_detections",
                                         "no_ground_truth", "real", "synthetic"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(Matching, ThresholdsAreThoseOfTheReferenceInFloat32) {
    const nlohmann::json json =
        vectors::read_json(std::string(YOLO_VECTORS) + "/metrics/metrics.json");
    for (int t = 0; t < kIouThresholds; ++t) {
        EXPECT_EQ(static_cast<double>(iou_thresholds()[t]),
                  json.at("iou_thresholds")[t].get<double>())
            << t;
    }
}

TEST(AveragePrecision, UnreachedRecallEarnsNothing) {
    // One of two targets found, without a false positive: half of the area, less the last
    // trapezoid's edge.
    const std::vector<double> recall{0.5}, precision{1.0};
    EXPECT_NEAR(average_precision(recall, precision), 0.5 - 0.005, 1e-12);
}

TEST(Metrics, NoGroundTruthGivesNoClassAndZeroMeans) {
    MetricsAccumulator metrics(2);
    metrics.add(0, std::vector<Detection>{{0, 0, 10, 10, 0.9F, 1, 0}}, {});
    EXPECT_EQ(metrics.instances(), 0);
    EXPECT_TRUE(metrics.compute().classes.empty());
    EXPECT_EQ(metrics.compute().map, 0.0);
}

TEST(Metrics, ALabelOfAnUnknownClassIsRefused) {
    MetricsAccumulator metrics(2);
    EXPECT_THROW(metrics.add(0, {}, std::vector<yolodata::PixelBox>{{2, 0, 0, 1, 1}}),
                 yolodata::Error);
    EXPECT_THROW(metrics.merge(MetricsAccumulator(3)), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
