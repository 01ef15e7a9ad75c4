// SPDX-License-Identifier: Apache-2.0
// The whole network against numbers of Ultralytics 8.4.190; tolerances as those vectors state them.
#include <ATen/core/grad_mode.h>

#include "../support.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {
namespace {

using namespace test;

YoloV8 reference_model() {
    return load_weights(parity_folder + "model/yolov8n-nc3.safetensors").model;
}

TEST(ForwardParity, EvaluationAgrees) {
    SKIP_WITHOUT_PARITY_VECTORS();
    auto vectors = read_vectors(parity_folder + "model/forward.safetensors");
    auto model = reference_model();
    at::NoGradGuard no_grad;
    const auto maps = model.forward(vectors["x"]);
    for (int l = 0; l < 3; ++l) {
        const auto name = "eval_raw_p" + std::to_string(l + 3);
        EXPECT_LE(largest_difference(maps[static_cast<std::size_t>(l)], vectors[name]), 3e-5)
            << name;
    }
    const auto decoded = decode(maps), expected = vectors["eval_pred"];
    EXPECT_LE(largest_difference(decoded.narrow(1, 0, 4), expected.narrow(1, 0, 4)), 5e-4);
    EXPECT_LE(largest_difference(decoded.narrow(1, 4, 3), expected.narrow(1, 4, 3)), 1e-7);
}

TEST(ForwardParity, TrainingAgreesAndSoDoRunningStatistics) {
    SKIP_WITHOUT_PARITY_VECTORS();
    auto vectors = read_vectors(parity_folder + "model/forward.safetensors");
    auto after = read_vectors(parity_folder + "model/loss.safetensors");
    auto model = reference_model();
    model.train(true);
    const auto maps = model.forward(vectors["x"]);
    for (int l = 0; l < 3; ++l) {
        const auto name = "train_raw_p" + std::to_string(l + 3);
        EXPECT_LE(largest_difference(maps[static_cast<std::size_t>(l)], vectors[name]), 2e-4)
            << name;
    }
    int compared = 0;
    for (const auto& [name, tensor] : model.state()) {
        const auto expected = after.find("bn/" + name);
        if (expected == after.end()) continue;
        EXPECT_LE(largest_difference(tensor, expected->second), 1e-6) << name;
        ++compared;
    }
    EXPECT_EQ(compared, 3 * 57);
}

TEST(BackwardParity, EveryGradientOfAProbeAgrees) {
    SKIP_WITHOUT_PARITY_VECTORS();
    auto x = read_vectors(parity_folder + "model/forward.safetensors")["x"];
    const auto full = read_vectors(parity_folder + "model/backward_probe.safetensors");
    const auto summary = read_json(parity_folder + "model/backward_probe.json");
    auto model = reference_model();
    model.train(true);
    at::Tensor probe = at::zeros({});
    for (const auto& map : model.forward(x)) {
        const auto wave = (at::arange(map.numel(), at::kDouble) * 0.1).cos().to(at::kFloat);
        probe = probe + (map.contiguous().view(-1) * wave / 1000).sum();
    }
    probe.backward();
    EXPECT_NEAR(probe.item<double>(), summary["value"].get<double>(), 1e-4);
    ASSERT_EQ(summary["sum_l2"].size(), model.parameters().size());
    for (const auto& [name, tensor] : model.parameters()) {
        const double l2 = summary["sum_l2"][name][1];
        EXPECT_NEAR(tensor.grad().to(at::kDouble).norm().item<double>(), l2, 2e-4 * l2) << name;
        const auto expected = full.find(name);
        if (expected == full.end()) continue;
        EXPECT_LE(relative_l2(tensor.grad(), expected->second), 2e-4) << name;
    }
}

}  // namespace
}  // namespace yolotrain
