// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/fuse.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "vectors.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/model/weights.hpp"

namespace yolotrain {
namespace {

/// Batch norms as after a training: nothing at its initial value.
void disturb_batch_norms(YoloV8& model) {
    at::NoGradGuard no_grad;
    double k = 0;
    for (const NamedTensor& t : model.state()) {
        if (t.name.find(".bn.") == std::string::npos || !t.tensor.is_floating_point()) continue;
        at::Tensor tensor = t.tensor.detach();
        const at::Tensor wave = (at::arange(tensor.numel(), at::kFloat) + ++k).sin();
        const bool positive = t.name.ends_with("running_var") || t.name.ends_with("weight");
        tensor.copy_(positive ? wave.abs() + 0.5 : wave * 0.3);
    }
}

TEST(Fuse, EqualsTheModelInEvaluationForEveryScale) {
    for (const Scale scale : {Scale::n, Scale::m}) {
        YoloV8 model(scale, 3, 1);
        disturb_batch_norms(model);
        model.train(false);
        const FusedYoloV8 fused(model);
        const at::Tensor x =
            (at::arange(2 * 3 * 64 * 96, at::kFloat) * 0.37).sin().abs().reshape({2, 3, 64, 96});
        at::NoGradGuard no_grad;
        const RawMaps expected = model.forward(x), found = fused.forward(x);
        for (int l = 0; l < 3; ++l) {
            ASSERT_EQ(found[l].sizes(), expected[l].sizes());
            const double size = expected[l].abs().max().item<double>();
            EXPECT_LT((found[l] - expected[l]).abs().max().item<double>(), 1e-4 * size)
                << "level " << l;
        }
        EXPECT_FALSE(found[0].requires_grad());
    }
}

TEST(Fuse, IsAnIndependentCopy) {
    YoloV8 model(Scale::n, 1, 1);
    model.train(false);
    const FusedYoloV8 fused(model);
    const at::Tensor x = at::ones({1, 3, 32, 32});
    const at::Tensor before = fused.forward(x)[0].clone();
    at::NoGradGuard no_grad;
    for (const NamedTensor& t : model.state()) t.tensor.detach().zero_();
    EXPECT_TRUE(at::equal(fused.forward(x)[0], before));
    EXPECT_GT(before.abs().max().item<double>(), 0);
}

TEST(Fuse, RefusesAnInputThatIsNoMultipleOf32) {
    const FusedYoloV8 fused(YoloV8(Scale::n, 1, 1));
    EXPECT_THROW(fused.forward(at::zeros({1, 3, 48, 32})), yolodata::Error);
    EXPECT_THROW(fused.forward(at::zeros({3, 32, 32})), yolodata::Error);
}

TEST(Fuse, EqualsUltralyticsEvaluation) {
    const std::string weights = vectors::find("model/yolov8n-nc3.safetensors");
    if (!std::filesystem::exists(weights)) GTEST_SKIP() << weights << " is not there";
    const LoadedWeights loaded = load_weights(weights);
    const FusedYoloV8 fused(loaded.model);
    at::Tensor x;
    std::map<std::string, at::Tensor> expected;
    for (const NamedTensor& t :
         read_safetensors(vectors::find("model/forward.safetensors")).tensors) {
        expected.emplace(t.name, t.tensor);
    }
    const RawMaps maps = fused.forward(expected.at("x"));
    for (int l = 0; l < 3; ++l) {
        const at::Tensor& raw = expected.at("eval_raw_p" + std::to_string(l + 3));
        EXPECT_LT((maps[l] - raw).abs().max().item<double>(), 3e-5) << "level " << l;
    }
    const at::Tensor difference = (decode(maps) - expected.at("eval_pred")).abs();
    EXPECT_LT(difference.narrow(1, 0, 4).max().item<double>(), 5e-4);
    EXPECT_LT(difference.narrow(1, 4, 3).max().item<double>(), 1e-7);
}

}  // namespace
}  // namespace yolotrain
