// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/auto_batch.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "run/train_step.hpp"
#include "yolotrain/memory/tensor_memory.hpp"

namespace yolotrain {
namespace {

TEST(AutoBatch, IsTheLargestPowerOfTwoThatFits) {
    const auto up_to = [](int limit) { return [limit](int n) { return n <= limit; }; };
    EXPECT_EQ(largest_batch(16, up_to(100)), 16);
    EXPECT_EQ(largest_batch(16, up_to(15)), 8);
    EXPECT_EQ(largest_batch(16, up_to(0)), 1);
    EXPECT_EQ(largest_batch(24, up_to(100)), 16);
}

/// What is foretold from two and four pictures is what eight take.
TEST(AutoBatch, ForetellsTheMemoryOfAStep) {
    use_tensor_arena();
    const StepKind kind = {Scale::n, 3, 160, Precision::float32};
    const StepMemory foretold = measure_step(kind);
    EXPECT_GT(foretold.per_picture, 1U << 20);
    YoloV8 model(kind.scale, kind.nc);
    Batch batch;
    batch.images = at::zeros({8, 3, 160, 160}, at::kByte);
    batch.targets = at::full({800, 6}, 0.5F);
    batch.targets.select(1, 0).copy_(at::arange(800).div(100, "floor"));
    batch.targets.select(1, 1).fill_(0);
    reset_peak_tensor_memory();
    const std::size_t before = tensor_memory().in_use;
    (void)run_step(model, batch, {});
    std::size_t kept = 0;
    for (const auto& parameter : model.parameters()) kept += 5 * parameter.tensor.nbytes();
    const auto seen = static_cast<double>(tensor_memory().peak_in_use - before + kept);
    EXPECT_NEAR(static_cast<double>(foretold.of(8)) / seen, 1, 0.15);
    StepKind larger = kind;
    larger.imgsz = 320;
    EXPECT_GT(measure_step(larger).per_picture, 3 * foretold.per_picture);
}

TEST(Steps, OfAnotherSizeScaleThePictures) {
    YoloV8 model(Scale::n, 2);
    Batch batch;
    batch.images = at::randint(256, {2, 3, 64, 64}, at::kByte);
    batch.targets = at::tensor({0.0F, 1.0F, 0.5F, 0.5F, 0.4F, 0.4F}).view({1, 6});
    const StepResult plain = run_step(model, batch, {}), same = run_step(model, batch, {.side = 64}),
                     larger = run_step(model, batch, {.side = 96});
    EXPECT_EQ(plain.items, same.items);
    EXPECT_NE(plain.items, larger.items);
    EXPECT_TRUE(larger.fault.empty());
}

}  // namespace
}  // namespace yolotrain
