// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <string>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain::test {

/// A model with running statistics of its own, and class scores that differ.
inline YoloV8 lively_model() {
    at::manual_seed(1);
    at::NoGradGuard no_grad;
    YoloV8 model(Scale::n, 3, 5);
    for (int i = 0; i < 3; ++i) model.forward(at::rand({2, 3, 64, 64}));
    for (const auto& [name, tensor] : model.state()) {
        if (name.find(".cv3.") != std::string::npos && name.ends_with(".2.bias")) {
            tensor.detach().copy_(at::randn({3}) - 1);
        }
        if (name.find(".cv2.") != std::string::npos && name.ends_with(".2.weight")) {
            tensor.detach().mul_(8);
        }
    }
    model.train(false);
    return model;
}

inline at::Tensor predictions(const YoloV8& model, const at::Tensor& x) {
    return decode(model.infer(x));
}

/// Within `allowed`, and beyond 100 px within that share of 100 px: what float32 leaves.
inline void expect_same(const at::Tensor& actual, const at::Tensor& expected, double allowed = 1e-4) {
    ASSERT_EQ(actual.sizes(), expected.sizes());
    const auto excess = (actual - expected).abs() / (expected.abs() / 100).clamp_min(1);
    EXPECT_LE(excess.max().item<double>(), allowed);
}

}  // namespace yolotrain::test
