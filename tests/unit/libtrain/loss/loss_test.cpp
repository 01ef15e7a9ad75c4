// SPDX-License-Identifier: Apache-2.0
#include "../support.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/loss/assigner.hpp"
#include "yolotrain/loss/detection_loss.hpp"

namespace yolotrain {
namespace {

using namespace test;

/// The loss as recorded: the raw maps of a trained network, 42 boxes of all sorts.
struct LossHead : testing::Test {
    std::map<std::string, at::Tensor> v = read_vectors(YOLO_VECTORS "/loss/loss_head.safetensors");
    nlohmann::json facts = read_json(YOLO_VECTORS "/loss/loss_head.json")["installed"];
    at::Tensor targets = targets_of(v["batch_idx"], v["cls"], v["bboxes"]);
    RawMaps maps = {v["raw_p3"], v["raw_p4"], v["raw_p5"]};
};

TEST_F(LossHead, AssignmentAgrees) {
    const auto got = assign(maps, targets);
    auto weight = at::zeros({2, 525, 3}), mask = at::zeros({2, 525}, at::kByte),
         box = at::zeros({2, 525}, at::kLong);
    const auto first_of_image = at::tensor({0L, (v["batch_idx"] < 0.5).sum().item<std::int64_t>()});
    for (std::int64_t k = 0; k < got.anchor.numel(); ++k) {
        const auto image = got.image[k].item<std::int64_t>(),
                   anchor = got.anchor[k].item<std::int64_t>();
        const auto target = got.target[k].item<std::int64_t>();
        EXPECT_EQ(targets[target][0].item<std::int64_t>(), image);
        weight[image][anchor][targets[target][1].item<std::int64_t>()] = got.weight[k];
        mask[image][anchor] = 1;
        box[image][anchor] = target - first_of_image[image];
    }
    EXPECT_LE(largest_difference(weight, v["installed/target_scores"]), 1.2e-5);
    EXPECT_NEAR(got.weight.sum().item<double>(),
                facts["target_scores_sum_before_clamp"].get<double>(), 1e-4);
    const auto clear = v["installed/tied"] == 0;
    EXPECT_TRUE(at::equal(mask.index({clear}), v["installed/fg_mask"].index({clear})));
    EXPECT_EQ(got.anchor.numel(), facts["fg_with_weight"].get<std::int64_t>())
        << "every positive of weight over 0, and no other";
    const auto compared = at::logical_and(clear, mask > 0);
    EXPECT_TRUE(at::equal(box.index({compared}), v["installed/target_gt_idx"].index({compared})));
}

TEST_F(LossHead, LossAndGradientAgree) {
    for (const auto format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
        RawMaps leaves;
        for (std::size_t l = 0; l < 3; ++l) {
            leaves[l] = maps[l].clone(format).requires_grad_(true);
        }
        const auto loss = detection_loss(leaves, targets, {});
        const auto& items = facts["items"];
        EXPECT_NEAR(loss.items[0].item<double>(), items["box_loss"].get<double>(), 2e-6);
        EXPECT_NEAR(loss.items[1].item<double>(), items["cls_loss"].get<double>(), 2e-6);
        EXPECT_NEAR(loss.items[2].item<double>(), items["dfl_loss"].get<double>(), 2e-6);
        EXPECT_NEAR(loss.total.item<double>(), facts["total_for_backward"].get<double>(), 8e-6);
        EXPECT_FALSE(loss.items.requires_grad());
        loss.total.backward();
        for (std::size_t l = 0; l < 3; ++l) {
            const auto expected = v["installed/grad_raw_p" + std::to_string(l + 3)];
            EXPECT_LE(largest_difference(leaves[l].grad(), expected) /
                          expected.abs().max().item<double>(),
                      2e-5)
                << "level " << l;
            leaves[l].mutable_grad().reset();
        }
    }
}

TEST_F(LossHead, OrderOfBoxesWithinAnImageChangesNothing) {
    const auto reversed = at::cat({targets.index({targets.select(1, 0) == 0}).flip(0),
                                   targets.index({targets.select(1, 0) == 1}).flip(0)});
    const auto a = detection_loss(maps, targets, {}), b = detection_loss(maps, reversed, {});
    EXPECT_LE(largest_difference(a.items, b.items), 1e-5);
}

TEST_F(LossHead, GainsScaleTheirItem) {
    const auto one = detection_loss(maps, targets, {1, 1, 1}),
               three = detection_loss(maps, targets, {3, 0, 2});
    EXPECT_NEAR((three.items / one.items)[0].item<double>(), 3, 1e-6);
    EXPECT_EQ(three.items[1].item<double>(), 0);
    EXPECT_NEAR((three.items / one.items)[2].item<double>(), 2, 1e-6);
}

TEST_F(LossHead, WithoutLabelsOnlyTheClassesAreTrained) {
    RawMaps leaves;
    for (std::size_t l = 0; l < 3; ++l) leaves[l] = maps[l].clone().requires_grad_(true);
    const auto loss = detection_loss(leaves, at::zeros({0, 6}), {});
    double expected = 0;
    for (const auto& map : maps) {
        const auto p = map.narrow(1, 64, 3).to(at::kDouble).sigmoid();
        expected -= (1 - p).log().sum().item<double>();
    }
    EXPECT_NEAR(loss.items[1].item<double>(), 0.5 * expected, 1e-4 * expected);
    EXPECT_EQ(loss.items[0].item<double>(), 0);
    EXPECT_EQ(loss.items[2].item<double>(), 0);
    loss.total.backward();
    EXPECT_EQ(leaves[0].grad().narrow(1, 0, 64).abs().max().item<double>(), 0);
    const auto p = maps[0].narrow(1, 64, 3).sigmoid();
    EXPECT_LE(largest_difference(leaves[0].grad().narrow(1, 64, 3), p * 0.5 * 2), 1e-6);
}

/// Σ w_c · BCE over all anchors and classes, written out against the recorded targets.
TEST_F(LossHead, ClassWeightsAreFactorsOfEachClassesEntropy) {
    const auto weights = at::tensor({0.5F, 2.0F, 0.25F});
    std::vector<at::Tensor> flat;
    for (const auto& map : maps) flat.push_back(map.narrow(1, 64, 3).flatten(2));
    const auto logits = at::cat(flat, 2).transpose(1, 2).to(at::kDouble);  // [2, 525, 3]
    const auto scores = v["installed/target_scores"].to(at::kDouble);
    const auto entropy = at::softplus(logits) - scores * logits;
    const double expected = 0.5 * ((entropy * weights).sum() / scores.sum()).item<double>();
    const auto plain = detection_loss(maps, targets, {}), weighted = detection_loss(maps, targets, {}, weights);
    EXPECT_NEAR(weighted.items[1].item<double>(), expected, 2e-5 * expected);
    EXPECT_EQ(weighted.items[0].item<float>(), plain.items[0].item<float>());
    EXPECT_EQ(weighted.items[2].item<float>(), plain.items[2].item<float>());
    EXPECT_NEAR(detection_loss(maps, targets, {}, at::ones({3})).items[1].item<double>(), plain.items[1].item<double>(), 1e-5);
}

TEST_F(LossHead, ABrokenNetworkGivesABrokenLossInsteadOfAnException) {
    maps[1] = maps[1].clone().fill_(std::nan(""));
    EXPECT_TRUE(std::isnan(detection_loss(maps, targets, {}).total.item<double>()));
}

TEST_F(LossHead, RefusesTargetsThatAreOutside) {
    auto bad = targets.clone();
    bad[0][1] = 3;
    EXPECT_THROW(detection_loss(maps, bad, {}), yolodata::Error);
    bad = targets.clone();
    bad[41][0] = 2;
    EXPECT_THROW(detection_loss(maps, bad, {}), yolodata::Error);
    EXPECT_THROW(detection_loss(maps, targets.narrow(1, 0, 5), {}), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
