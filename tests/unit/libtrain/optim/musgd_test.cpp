// SPDX-License-Identifier: Apache-2.0
// MuSGD against Ultralytics 8.4.190 (tests/vectors/optim/README.md) and its orthogonalisation against double.
#include <array>
#include <cmath>

#include "../support.hpp"
#include "optim/orthogonal.hpp"
#include "yolotrain/optim/optimizer.hpp"
#include "yolotrain/optim/schedule.hpp"

namespace yolotrain {
namespace {

using namespace test;

at::Tensor drawn(const std::vector<std::int64_t>& shape, std::int64_t k) {
    auto out = at::empty(shape, at::kDouble);
    for (std::int64_t i = 0; i < out.numel(); ++i)
        out.data_ptr<double>()[i] =
            static_cast<double>((i * i * 7919 + i * 104729 + k * 15485863) % 65521) / 32760 - 1;
    return out.to(at::kFloat);
}

TEST(MuSgd, GroupsAreThoseThatUltralyticsMakes) {
    const auto recorded = read_json(YOLO_VECTORS "/optim/schedule.json");
    const auto groups =
        parameter_groups(YoloV8::uninitialised(Scale::n, 3).parameters(), 5e-4, OptimizerKind::musgd);
    ASSERT_EQ(groups.size(), 8U);
    int compared = 0;
    for (const auto& setting : recorded["settings"]) {
        for (const auto& [name, one] : setting["auto"].items()) {
            if (one["optimizer"] != "MuSGD") continue;
            for (std::size_t g = 0; g < groups.size(); ++g) {
                const auto& expected = one["groups_name_initial_lr_decay_params"][g];
                EXPECT_EQ(groups[g].name, expected[0].get<std::string>());
                EXPECT_NEAR(0.01 * groups[g].lr_factor, expected[1].get<double>(), 1e-12);
                EXPECT_EQ(groups[g].weight_decay, expected[2].get<double>());
            }
            ++compared;
        }
    }
    EXPECT_GT(compared, 0);
    const std::array<std::size_t, 8> sizes = {0, 0, 6, 51, 9, 54, 9, 54};
    for (std::size_t g = 0; g < groups.size(); ++g) EXPECT_EQ(groups[g].parameters.size(), sizes[g]) << g;
}

TEST(MuSgd, StepsAsUltralyticsDoes) {
    const auto v = read_json(YOLO_VECTORS "/optim/musgd.json");
    std::vector<NamedTensor> parameters;
    // The file's order is that of its names; k counts in the order of the model.
    const std::array<const char*, 9> order = {"model.0.conv.weight",
                                              "model.0.bn.weight",
                                              "model.0.bn.bias",
                                              "model.9.cv1.conv.weight",
                                              "model.22.cv2.0.2.bias",
                                              "model.22.cv3.0.0.conv.weight",
                                              "model.22.cv3.0.0.bn.weight",
                                              "model.22.cv3.0.2.weight",
                                              "model.22.cv3.0.2.bias"};
    for (std::size_t k = 0; k < order.size(); ++k) {
        const auto shape = v["shapes"][order[k]].get<std::vector<std::int64_t>>();
        parameters.push_back({order[k], drawn(shape, static_cast<std::int64_t>(k)).requires_grad_(true)});
    }
    const auto optimizer = make_optimizer(
        OptimizerKind::musgd, parameter_groups(parameters, v["weight_decay"], OptimizerKind::musgd));
    for (std::int64_t step = 1; step <= 3; ++step) {
        for (std::size_t k = 0; k < order.size(); ++k)
            parameters[k].tensor.mutable_grad() =
                drawn(parameters[k].tensor.sizes().vec(), 100 * step + static_cast<std::int64_t>(k)) * 0.1;
        for (auto& group : optimizer->groups())
            group.lr = group.lr_factor * v[group.name == "bias" ? "bias_lr" : "lr"].get<double>();
        optimizer->momentum = v["momentum"];
        optimizer->step();
    }
    for (const auto& [name, tensor] : parameters) {
        const auto expected = [&](const char* kind) {
            return at::tensor(v[kind][name].get<std::vector<double>>(), at::kDouble).view(tensor.sizes());
        };
        EXPECT_LT(largest_difference(tensor.detach(), expected("float64")), 1e-6) << name;
        EXPECT_LT(largest_difference(tensor.detach(), expected("installed")), 3e-4) << name;  // its bfloat16
    }
}

TEST(MuSgd, FactorsCountForWhatTheWarmUpGrowsTo) {
    const std::vector<NamedTensor> parameters = {{"model.0.bn.bias", at::zeros({2}).requires_grad_(true)},
                                                 {"model.22.cv3.0.2.bias", at::zeros({2}).requires_grad_(true)},
                                                 {"model.22.cv3.0.2.weight", at::zeros({2, 2, 1, 1}).requires_grad_(true)}};
    ScheduleOptions options;
    options.optimizer = OptimizerChoice::musgd;
    options.images = 1600;
    const Schedule schedule(options);
    const auto optimizer =
        make_optimizer(schedule.optimizer(), parameter_groups(parameters, 5e-4, schedule.optimizer()));
    const auto lr = [&](std::int64_t iteration, std::size_t group) {
        apply(schedule.at(iteration), *optimizer);
        return optimizer->groups()[group].lr;
    };
    ASSERT_EQ(schedule.warmup_iterations(), 300);
    for (const std::size_t bias : {4U, 5U}) EXPECT_NEAR(lr(0, bias), options.warmup_bias_lr, 1e-12);
    EXPECT_EQ(lr(0, 6), 0);
    const double half = schedule.factor(1);  // iteration 150, in the second epoch
    EXPECT_NEAR(lr(150, 6), 0.015 * half, 1e-12);
    EXPECT_NEAR(lr(150, 5), 0.05 + 0.005 * half, 1e-12);
    EXPECT_NEAR(lr(150, 4), 0.05 + 0.015 * half, 1e-12);
    EXPECT_NEAR(lr(300, 4), 0.03 * schedule.factor(3), 1e-12);
    EXPECT_NEAR(schedule.at(0).momentum, options.warmup_momentum, 1e-12);
}

/// The iteration as published, with LibTorch's product in double.
at::Tensor in_double(const at::Tensor& matrix) {
    const bool tall = matrix.size(0) > matrix.size(1);
    auto x = tall ? matrix.t().to(at::kDouble) : matrix.to(at::kDouble);
    x = x / x.norm();
    for (int i = 0; i < 5; ++i) {
        const auto square = x.matmul(x.t());
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square.matmul(square)).matmul(x);
    }
    return tall ? x.t() : x;
}

TEST(NearlyOrthogonal, AgreesWithDoubleAndLeavesSingularValuesNearOne) {
    at::manual_seed(5);
    for (const auto& [m, n] : {std::pair{16, 27}, {64, 576}, {128, 32}, {32, 32}, {3, 80}, {1, 8}}) {
        const auto matrix = at::randn({m, n});
        const auto got = detail::nearly_orthogonal(matrix, at::kFloat);
        ASSERT_EQ(got.sizes(), matrix.sizes());
        EXPECT_LT(largest_difference(got, in_double(matrix)), 2e-6) << m << " × " << n;
        // As a GPU computes it; twice what Ultralytics' own is off by. On a CPU LibTorch sums small products in bfloat16.
        const auto rounded = detail::nearly_orthogonal(matrix, at::kBFloat16);
        EXPECT_EQ(rounded.scalar_type(), at::kFloat);
        EXPECT_LT(relative_l2(rounded, in_double(matrix)), m * n > 1000 ? 0.03 : 0.3) << m << " × " << n;
        if (m == n) continue;  // its smallest singular value may be near zero
        const auto gram = (m < n ? got.matmul(got.t()) : got.t().matmul(got)).to(at::kDouble);
        const auto off = (gram - at::eye(gram.size(0), at::kDouble)).norm() / std::sqrt(gram.size(0));
        EXPECT_LT(off.item<double>(), 0.6) << m << " × " << n;
    }
}

TEST(NearlyOrthogonal, OfZerosIsZero) {
    EXPECT_EQ(detail::nearly_orthogonal(at::zeros({4, 9}), at::kFloat).abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace yolotrain
