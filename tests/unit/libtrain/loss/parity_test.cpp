// SPDX-License-Identifier: Apache-2.0
// Six sets of labels through the whole network against Ultralytics 8.4.190.
#include "../support.hpp"
#include "yolotrain/loss/assigner.hpp"
#include "yolotrain/loss/detection_loss.hpp"

namespace yolotrain {
namespace {

using namespace test;

TEST(LossParity, EveryLabelSetAndEveryGradientAgrees) {
    SKIP_WITHOUT_PARITY_VECTORS();
    auto forward = read_vectors(parity_folder + "model/forward.safetensors");
    auto v = read_vectors(parity_folder + "model/loss.safetensors");
    const auto facts = read_json(parity_folder + "model/loss.json")["cases"];
    auto model = load_weights(parity_folder + "model/yolov8n-nc3.safetensors").model;
    model.train(true);
    const auto maps = model.forward(forward["x"]);
    EXPECT_EQ(facts.size(), 6U);
    for (const auto& [name, expected] : facts.items()) {
        const auto labels = name + "/labels/";
        const auto targets =
            targets_of(v[labels + "batch_idx"], v[labels + "cls"], v[labels + "bboxes"]);
        ASSERT_EQ(targets.size(0), expected["labels"].get<std::int64_t>()) << name;
        const auto loss = detection_loss(maps, targets, {});
        EXPECT_NEAR(loss.items[0].item<double>(), expected["items"]["box_loss"].get<double>(), 5e-5)
            << name;
        EXPECT_NEAR(loss.items[1].item<double>(), expected["items"]["cls_loss"].get<double>(), 5e-5)
            << name;
        EXPECT_NEAR(loss.items[2].item<double>(), expected["items"]["dfl_loss"].get<double>(), 5e-5)
            << name;
        EXPECT_NEAR(loss.total.item<double>(), expected["total_for_backward"].get<double>(), 3e-4)
            << name;
        if (name == "base") loss.total.backward({}, /*retain_graph=*/true);

        auto scores = at::zeros({4, 525, 3}), mask = at::zeros({4, 525}, at::kByte);
        if (targets.size(0) > 0) {
            const auto got = assign(maps, targets);
            const auto cls = targets.select(1, 1).to(at::kLong).index({got.target});
            scores.index_put_({got.image, got.anchor, cls}, got.weight);
            mask.index_put_({got.image, got.anchor}, at::ones({}, at::kByte));
            EXPECT_NEAR(got.weight.sum().item<double>(),
                        expected["target_scores_sum_before_clamp"].get<double>(), 2e-4);
        }
        EXPECT_LE(largest_difference(scores, v[name + "/target_scores"]), 6e-5) << name;
        const auto clear = v[name + "/tied"] == 0;
        EXPECT_TRUE(at::equal(mask.index({clear}), v[name + "/fg_mask"].index({clear}))) << name;
    }

    double squares = 0, differences = 0;
    for (const auto& [name, tensor] : model.parameters()) {
        ASSERT_TRUE(v.contains("grad/" + name)) << name;
        const auto expected = v["grad/" + name].to(at::kDouble);
        EXPECT_LE(relative_l2(tensor.grad(), expected), 2e-4) << name;
        squares += expected.square().sum().item<double>();
        differences += (tensor.grad().to(at::kDouble) - expected).square().sum().item<double>();
    }
    EXPECT_LE(std::sqrt(differences / squares), 1e-4);
}

}  // namespace
}  // namespace yolotrain
