// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/precision.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>

#include "run/precision_check.hpp"
#include "small_run.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/run/checkpoint.hpp"

namespace yolotrain {
namespace {

using test::SmallRun;
using test::Watcher;

TEST(Precision, OfACpuIsNeverFloat16) {
    EXPECT_EQ(precision_of(Amp::off, "cpu"), Precision::float32);
    EXPECT_EQ(precision_of(Amp::bf16, "cpu"), Precision::bfloat16);
    EXPECT_THROW(precision_of(Amp::fp16, "cpu"), yolodata::Error);
    EXPECT_EQ(precision_of(Amp::automatic, "cpu"), cpu_has_bfloat16() ? Precision::bfloat16 : Precision::float32);
    EXPECT_EQ(precision_of(Amp::fp16, "cuda:0"), Precision::float16);
    for (const Precision p : {Precision::float32, Precision::bfloat16, Precision::float16}) {
        EXPECT_EQ(parse_precision(to_string(p)), p);
    }
}

TEST(LossScale, HalvesOnOverflowAndDoublesAfterManyGoodSteps) {
    LossScale scale = LossScale::of(Precision::float16);
    EXPECT_TRUE(scale.overflowed());
    EXPECT_EQ(scale.factor, LossScale::start / 2);
    for (std::int64_t i = 1; i < LossScale::interval; ++i) scale.succeeded(Precision::float16);
    EXPECT_EQ(scale.factor, LossScale::start / 2);
    scale.succeeded(Precision::float16);
    EXPECT_EQ(scale.factor, LossScale::start);
    while (scale.overflowed()) {
    }
    EXPECT_EQ(scale.factor, 1);  // and is not to blame from here on
    LossScale none = LossScale::of(Precision::bfloat16);
    EXPECT_FALSE(none.overflowed());
    for (std::int64_t i = 0; i <= LossScale::interval; ++i) none.succeeded(Precision::bfloat16);
    EXPECT_EQ(none.factor, 1);
}

TEST(PrecisionCheck, PassesForBfloat16AndLeavesTheModelAlone) {
    at::manual_seed(3);
    YoloV8 model(Scale::n, 3);
    const at::Tensor images = at::randint(256, {4, 3, 64, 96}, at::kByte);
    std::vector<at::Tensor> before;
    for (const auto& [name, tensor] : model.state()) before.push_back(tensor.detach().clone());
    EXPECT_EQ(check_precision(model, Precision::bfloat16, images, at::kCPU), "");
    for (std::size_t i = 0; i < before.size(); ++i) {
        EXPECT_TRUE(at::equal(before[i], model.state()[i].tensor)) << model.state()[i].name;
        EXPECT_FALSE(model.state()[i].tensor.grad().defined());
    }
}

TEST(PrecisionCheck, NamesWhatIsOff) {
    YoloV8 model(Scale::n, 3);
    // Pictures of two neighbouring greys: what tells them apart is below bfloat16's precision, and batch norm
    // makes it all there is.
    const at::Tensor images = at::randint(201, 203, {2, 3, 64, 64}, at::kByte);
    const std::string problem = check_precision(model, Precision::bfloat16, images, at::kCPU);
    EXPECT_NE(problem.find("float32"), problem.npos) << problem;
}

TEST(Training, InBfloat16ResumesToTheSameBitsAndStaysInIt) {
    SmallRun small;
    small.options.amp = Amp::bf16;
    Watcher plain;
    ASSERT_EQ(small.train("whole", plain), Outcome::finished);
    Watcher watcher;
    watcher.after_step = [&, done = 0]() mutable {
        if (++done == 5) small.stop.request(SIGTERM);
    };
    ASSERT_EQ(small.train("cut", watcher), Outcome::stopped);
    std::vector<std::string> problems;
    const auto image = CheckpointStore(small.run("cut") + "/state").newest(problems);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->precision, Precision::bfloat16);
    // What a run began with holds wherever it goes on.
    small.options.amp = Amp::automatic;
    Watcher quiet;
    ASSERT_EQ(small.resume("cut", quiet), Outcome::finished);
    EXPECT_EQ(small.last("cut"), small.last("whole"));
    EXPECT_EQ(small.results("cut"), small.results("whole"));
    small.options.amp = Amp::off;
    ASSERT_EQ(small.train("exact", quiet), Outcome::finished);
    EXPECT_NE(small.last("exact"), small.last("whole"));
}

}  // namespace
}  // namespace yolotrain
