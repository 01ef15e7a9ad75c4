// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/nms.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "vectors.hpp"
#include "yolodata/core/random.hpp"

namespace yolotrain {
namespace {

struct Mode {
    const char* name;
    float conf;
    bool multi_label, agnostic;
};

void expect_parity(const std::string& name) {
    const std::string path = vectors::find("nms/" + name + ".safetensors");
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    const vectors::Tensors file(path);
    const std::vector<float> pred = file.get<float>("pred");
    const std::vector<std::int64_t> shape = file.shape("pred");
    for (const Mode& mode : {Mode{"val", 0.001F, true, false}, Mode{"predict", 0.25F, false, false},
                             Mode{"val_agnostic", 0.001F, true, true}}) {
        NmsOptions options;
        options.conf = mode.conf;
        options.multi_label = mode.multi_label;
        options.agnostic = mode.agnostic;
        for (std::int64_t image = 0; image < shape[0]; ++image) {
            SCOPED_TRACE(name + "/" + mode.name + "/" + std::to_string(image));
            const std::vector<Detection> found =
                nms(pred.data() + image * shape[1] * shape[2], shape[1] - 4, shape[2], options);
            const std::string key = std::string(mode.name) + "/" + std::to_string(image);
            const std::vector<float> det = file.get<float>(key + "/det");
            const std::vector<std::int64_t> anchor = file.get<std::int64_t>(key + "/anchor");
            ASSERT_EQ(found.size(), anchor.size());
            for (std::size_t i = 0; i < found.size(); ++i) {
                ASSERT_EQ(found[i].anchor, anchor[i]) << "at " << i;
                ASSERT_EQ(found[i].x1, det[6 * i]) << "at " << i;
                ASSERT_EQ(found[i].y1, det[6 * i + 1]) << "at " << i;
                ASSERT_EQ(found[i].x2, det[6 * i + 2]) << "at " << i;
                ASSERT_EQ(found[i].y2, det[6 * i + 3]) << "at " << i;
                ASSERT_EQ(found[i].confidence, det[6 * i + 4]) << "at " << i;
                ASSERT_EQ(static_cast<float>(found[i].cls), det[6 * i + 5]) << "at " << i;
            }
        }
    }
}

TEST(Nms, EqualsUltralyticsOnTiedScores) {
    expect_parity("ties");
}
TEST(Nms, EqualsUltralyticsOnANetworksOutput) {
    expect_parity("real");
}
TEST(Nms, EqualsUltralyticsOnDensePredictions) {
    expect_parity("dense");
}

/// Predictions written box by box.
struct Predictions {
    std::int64_t nc, anchors = 0;
    std::vector<std::vector<float>> rows;

    explicit Predictions(std::int64_t classes) : nc(classes) {}
    void add(std::vector<float> row) { rows.push_back(std::move(row)), ++anchors; }
    std::vector<Detection> run(const NmsOptions& options) const {
        std::vector<float> flat(static_cast<std::size_t>((4 + nc) * anchors));
        for (std::int64_t a = 0; a < anchors; ++a) {
            for (std::int64_t c = 0; c < 4 + nc; ++c) flat[c * anchors + a] = rows[a][c];
        }
        return nms(flat.data(), nc, anchors, options);
    }
};

TEST(Nms, ScoreEqualToTheThresholdIsDropped) {
    Predictions p(1);
    p.add({50, 50, 10, 10, 0.25F});
    p.add({90, 90, 10, 10, std::nextafter(0.25F, 1.0F)});
    NmsOptions options;
    options.conf = 0.25F;
    const std::vector<Detection> found = p.run(options);
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].anchor, 1);
}

TEST(Nms, ClassFilterLimitsAndEmptyInput) {
    Predictions p(3);
    for (int i = 0; i < 30; ++i) p.add({20.0F * i, 50, 10, 10, 0.5F, 0.4F, 0.1F + 0.001F * i});
    NmsOptions options;
    EXPECT_EQ(p.run(options).size(), 90U);
    options.max_det = 7;
    EXPECT_EQ(p.run(options).size(), 7U);
    options.max_det = 300;
    options.classes = {2};
    const std::vector<Detection> third = p.run(options);
    ASSERT_EQ(third.size(), 30U);
    EXPECT_EQ(third[0].anchor, 29);
    options.multi_label = false;  // the best class of every anchor is 0
    EXPECT_TRUE(p.run(options).empty());
    options = {};
    options.max_candidates = 5;
    EXPECT_EQ(p.run(options).size(), 5U);
    EXPECT_TRUE(nms(nullptr, 3, 0, {}).empty());
}

TEST(Nms, NonFinitePredictionsNeverPassAsBetter) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    Predictions p(1);
    p.add({50, 50, 10, 10, nan});
    p.add({50, 50, 10, 10, 0.9F});
    const std::vector<Detection> found = p.run({});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].anchor, 1);
}

/// The definition, written the slow way: sort, then each box kills what it overlaps.
std::vector<std::int32_t> slow_nms(const Predictions& p, float conf, float limit) {
    struct Box {
        float score, x1, y1, x2, y2;
        std::int32_t anchor;
    };
    std::vector<Box> boxes;
    for (std::int32_t a = 0; a < p.anchors; ++a) {
        const std::vector<float>& r = p.rows[a];
        if (r[4] > conf) {
            boxes.push_back(
                {r[4], r[0] - r[2] / 2, r[1] - r[3] / 2, r[0] + r[2] / 2, r[1] + r[3] / 2, a});
        }
    }
    std::stable_sort(boxes.begin(), boxes.end(),
                     [](const Box& a, const Box& b) { return a.score > b.score; });
    std::vector<bool> dead(boxes.size(), false);
    std::vector<std::int32_t> kept;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
        if (dead[i]) continue;
        kept.push_back(boxes[i].anchor);
        const float area = (boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
        for (std::size_t j = i + 1; j < boxes.size(); ++j) {
            const float w = std::max(
                0.0F, std::min(boxes[i].x2, boxes[j].x2) - std::max(boxes[i].x1, boxes[j].x1));
            const float h = std::max(
                0.0F, std::min(boxes[i].y2, boxes[j].y2) - std::max(boxes[i].y1, boxes[j].y1));
            const float other = (boxes[j].x2 - boxes[j].x1) * (boxes[j].y2 - boxes[j].y1);
            if (w * h / (area + other - w * h) > limit) dead[j] = true;
        }
    }
    return kept;
}

TEST(Nms, EqualsTheSlowDefinitionOnRandomBoxes) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        yolodata::Random random(seed, 0, 0, yolodata::Purpose::choice);
        Predictions p(1);
        for (int i = 0; i < 400; ++i) {
            const auto pick = [&](double low, double high) {
                return static_cast<float>(random.uniform(low, high));
            };
            p.add({pick(0, 60), pick(0, 60), pick(5, 40), pick(5, 40), pick(0, 1)});
        }
        NmsOptions options;
        options.conf = 0.1F;
        options.iou = 0.5F;
        options.max_det = 1000;
        std::vector<std::int32_t> anchors;
        for (const Detection& d : p.run(options)) anchors.push_back(d.anchor);
        EXPECT_EQ(anchors, slow_nms(p, 0.1F, 0.5F)) << "seed " << seed;
    }
}

}  // namespace
}  // namespace yolotrain
