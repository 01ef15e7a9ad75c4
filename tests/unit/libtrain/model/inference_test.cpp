// SPDX-License-Identifier: Apache-2.0
// YoloV8::infer. That its numbers are right is seen against Ultralytics' (parity_test.cpp) and against the
// network with folded batch norms that export writes (export_test.cpp).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <thread>

#include "yolodata/core/error.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {
namespace {

at::Tensor waves(std::int64_t batch, std::int64_t height, std::int64_t width) {
    return (at::arange(batch * 3 * height * width, at::kFloat) * 0.37)
        .sin()
        .abs()
        .reshape({batch, 3, height, width});
}

TEST(Inference, TakesRunningStatisticsWhateverTheModeAndChangesNothing) {
    YoloV8 model(Scale::n, 3, 1);
    const auto x = waves(2, 64, 96);
    model.forward(x);  // running statistics of their own
    model.freeze(5);
    const YoloV8 before = model.clone();
    const RawMaps found = model.infer(x);
    model.train(false);
    const RawMaps expected = model.forward(x);
    for (std::size_t l = 0; l < 3; ++l) {
        EXPECT_TRUE(at::equal(found[l], expected[l])) << "level " << l;
        EXPECT_FALSE(found[l].requires_grad());
    }
    for (std::size_t i = 0; i < before.state().size(); ++i) {
        EXPECT_TRUE(at::equal(before.state()[i].tensor, model.state()[i].tensor))
            << before.state()[i].name;
    }
}

TEST(Inference, ThreadsDoNotDisturbEachOther) {
    const YoloV8 model(Scale::n, 3, 1);
    const std::array<at::Tensor, 2> x = {waves(1, 64, 96), waves(3, 96, 32)};
    const std::array<RawMaps, 2> alone = {model.infer(x[0]), model.infer(x[1])};
    std::array<bool, 2> equal = {true, true};
    const auto repeat = [&](std::size_t k) {
        for (int i = 0; i < 5; ++i) {
            const RawMaps maps = model.infer(x[k]);
            for (std::size_t l = 0; l < 3; ++l) equal[k] = equal[k] && at::allclose(maps[l], alone[k][l], 1e-5, 1e-5);
        }
    };
    std::thread other(repeat, 1);
    repeat(0);
    other.join();
    EXPECT_TRUE(equal[0] && equal[1]);
}

TEST(Inference, RefusesAnInputThatIsNoMultipleOf32) {
    const YoloV8 model(Scale::n, 1, 1);
    EXPECT_THROW(model.infer(at::zeros({1, 3, 48, 32})), yolodata::Error);
    EXPECT_THROW(model.infer(at::zeros({3, 32, 32})), yolodata::Error);
}

}  // namespace
}  // namespace yolotrain
