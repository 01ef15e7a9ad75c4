// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "../support.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/optim/ema.hpp"
#include "yolotrain/optim/optimizer.hpp"
#include "yolotrain/optim/schedule.hpp"

namespace yolotrain {
namespace {

using namespace test;

std::vector<NamedTensor> small_parameters() {
    at::manual_seed(1);
    return {{"a.conv.weight", at::randn({3, 2, 1, 1}).requires_grad_(true)},
            {"a.bn.weight", at::randn({4}).requires_grad_(true)},
            {"a.bn.bias", at::randn({4}).requires_grad_(true)},
            {"b.weight", at::randn({2, 2, 1, 1}).requires_grad_(true)},
            {"b.bias", at::randn({2}).requires_grad_(true)}};
}

void set_gradients(const std::vector<NamedTensor>& parameters, int seed) {
    at::manual_seed(static_cast<std::uint64_t>(seed));
    for (const auto& parameter : parameters) {
        parameter.tensor.mutable_grad() = at::randn_like(parameter.tensor.detach());
    }
}

TEST(ParameterGroups, AreWeightNormAndBiasInThatOrder) {
    const auto groups = parameter_groups(YoloV8::uninitialised(Scale::n, 3).parameters(), 5e-4);
    ASSERT_EQ(groups.size(), 3U);
    EXPECT_EQ(groups[0].name, "weight");
    EXPECT_EQ(groups[0].parameters.size(), 63U);  // 64 with the DFL's constant
    EXPECT_EQ(groups[0].weight_decay, 5e-4);
    EXPECT_EQ(groups[1].name, "bn");
    EXPECT_EQ(groups[1].parameters.size(), 57U);
    EXPECT_EQ(groups[1].weight_decay, 0);
    EXPECT_EQ(groups[2].name, "bias");
    EXPECT_EQ(groups[2].parameters.size(), 63U);
    EXPECT_EQ(groups[2].weight_decay, 0);
}

/// One scalar by the formulas of the header, in double.
struct Scalar {
    double p, v = 0, m = 0, s = 0;
    void sgd(double g, double lr, double decay, double momentum) {
        g += decay * p;
        v = momentum * v + g;
        p -= lr * (g + momentum * v);
    }
    void adamw(double g, double lr, double decay, double beta1, int t) {
        p -= lr * decay * p;
        m = beta1 * m + (1 - beta1) * g;
        s = 0.999 * s + 0.001 * g * g;
        p -= lr * (m / (1 - std::pow(beta1, t))) / (std::sqrt(s / (1 - std::pow(0.999, t))) + 1e-8);
    }
};

TEST(Optimizers, FollowTheirFormulas) {
    for (const auto kind : {OptimizerKind::sgd, OptimizerKind::adamw}) {
        const auto parameters = small_parameters();
        std::vector<Scalar> oracle;
        for (const auto& parameter : parameters)
            oracle.push_back({parameter.tensor.view(-1)[0].item<double>()});
        const auto optimizer = make_optimizer(kind, parameter_groups(parameters, 0.1));
        for (int t = 1; t <= 20; ++t) {
            set_gradients(parameters, t);
            StepSettings settings;
            settings.lr = 0.01 * t;
            settings.bias_lr = 0.02 * t;
            settings.momentum = 0.8 + 0.005 * t;
            apply(settings, *optimizer);
            for (std::size_t i = 0; i < parameters.size(); ++i) {
                const double g = parameters[i].tensor.grad().view(-1)[0].item<double>();
                const double lr =
                    parameters[i].name.ends_with("bias") ? settings.bias_lr : settings.lr;
                const double decay = parameters[i].tensor.dim() == 4 ? 0.1 : 0;
                if (kind == OptimizerKind::sgd)
                    oracle[i].sgd(g, lr, decay, settings.momentum);
                else
                    oracle[i].adamw(g, lr, decay, settings.momentum, t);
            }
            optimizer->step();
            optimizer->zero_grad();
            EXPECT_FALSE(parameters[0].tensor.grad().defined());
        }
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const double got = parameters[i].tensor.view(-1)[0].item<double>();
            EXPECT_NEAR(got, oracle[i].p, 2e-5 * std::max(1.0, std::abs(got)))
                << to_string(kind) << parameters[i].name;
        }
    }
}

TEST(Optimizers, LeaveParametersWithoutGradientAlone) {
    for (const auto kind : {OptimizerKind::sgd, OptimizerKind::adamw, OptimizerKind::musgd}) {
        const auto parameters = small_parameters();
        const auto optimizer = make_optimizer(kind, parameter_groups(parameters, 0.1, kind));
        apply({0.1, 0.1, 0.9, 1}, *optimizer);
        set_gradients(parameters, 3);
        parameters[3].tensor.mutable_grad().reset();
        const auto before = parameters[3].tensor.detach().clone();
        optimizer->step();
        EXPECT_TRUE(at::equal(before, parameters[3].tensor));
    }
}

TEST(Optimizers, ContinueBitByBitFromSavedState) {
    for (const auto kind : {OptimizerKind::sgd, OptimizerKind::adamw, OptimizerKind::musgd}) {
        const auto run = small_parameters(), again = small_parameters();
        const auto first = make_optimizer(kind, parameter_groups(run, 0.1, kind));
        auto step = [](Optimizer& optimizer, const std::vector<NamedTensor>& parameters, int t) {
            apply({0.01, 0.02, 0.9, 1}, optimizer);
            set_gradients(parameters, t);
            clip_gradients(parameters, 1.0);
            optimizer.step();
        };
        for (int t = 0; t < 5; ++t) step(*first, run, t);
        const TemporaryFolder folder;
        write_safetensors(folder.file("state"), {first->state(), {}});
        write_safetensors(folder.file("weights"), {run, {}});
        for (int t = 5; t < 9; ++t) step(*first, run, t);

        auto weights = read_vectors(folder.file("weights"));
        for (const auto& parameter : again)
            parameter.tensor.detach().copy_(weights[parameter.name]);
        const auto second = make_optimizer(kind, parameter_groups(again, 0.1, kind));
        second->restore(read_safetensors(folder.file("state")).tensors);
        for (int t = 5; t < 9; ++t) step(*second, again, t);
        for (std::size_t i = 0; i < run.size(); ++i) {
            EXPECT_TRUE(at::equal(run[i].tensor, again[i].tensor))
                << to_string(kind) << " " << run[i].name;
        }
    }
}

TEST(Optimizers, RefuseTheStateOfSomethingElse) {
    const auto parameters = small_parameters();
    const auto sgd = make_optimizer(OptimizerKind::sgd, parameter_groups(parameters, 0));
    const auto adamw = make_optimizer(OptimizerKind::adamw, parameter_groups(parameters, 0));
    EXPECT_THROW(sgd->restore(adamw->state()), yolodata::Error);
    auto state = sgd->state();
    state[1].tensor = at::ones({7});
    EXPECT_THROW(sgd->restore(state), yolodata::Error);
    state = sgd->state();
    state[1].name = "x";
    EXPECT_THROW(sgd->restore(state), yolodata::Error);
    sgd->restore(sgd->state());
}

TEST(ClipGradients, ScalesOnlyWhatIsLongerThanTheLimit) {
    const auto parameters = small_parameters();
    EXPECT_EQ(clip_gradients(parameters), 0);
    for (const auto& parameter : parameters)
        parameter.tensor.mutable_grad() = at::zeros_like(parameter.tensor.detach());
    parameters[0].tensor.grad().view(-1)[0] = 30;
    parameters[4].tensor.grad()[1] = -40;
    EXPECT_NEAR(clip_gradients(parameters, 100), 50, 1e-5);
    EXPECT_EQ(parameters[4].tensor.grad()[1].item<double>(), -40);
    EXPECT_NEAR(clip_gradients(parameters, 10), 50, 1e-5);
    EXPECT_NEAR(parameters[4].tensor.grad()[1].item<double>(), -8, 1e-5);
    EXPECT_NEAR(parameters[0].tensor.grad().view(-1)[0].item<double>(), 6, 1e-5);
    parameters[1].tensor.grad()[0] = std::nan("");
    EXPECT_TRUE(std::isnan(clip_gradients(parameters, 10)));
    EXPECT_NEAR(parameters[4].tensor.grad()[1].item<double>(), -8, 1e-5) << "left alone";
}

TEST(Ema, AveragesFloatsAndCopiesCounters) {
    YoloV8 model(Scale::n, 2, 1);
    const auto shadow = model.clone();
    Ema ema(shadow.state());
    EXPECT_NEAR(ema.decay(1), 0.9999 * (1 - std::exp(-1 / 2000.0)), 1e-15);
    std::vector<double> expected;
    for (const auto& [name, tensor] : shadow.state())
        expected.push_back(tensor.view(-1)[0].item<double>());
    for (int t = 1; t <= 3; ++t) {
        for (const auto& [name, tensor] : model.state()) tensor.detach().add_(1);
        ema.update(model.state());
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const double live = model.state()[i].tensor.view(-1)[0].item<double>();
            const bool counter = !model.state()[i].tensor.is_floating_point();
            expected[i] = counter ? live : ema.decay(t) * expected[i] + (1 - ema.decay(t)) * live;
        }
    }
    EXPECT_EQ(ema.updates(), 3);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_NEAR(shadow.state()[i].tensor.view(-1)[0].item<double>(), expected[i], 1e-5)
            << shadow.state()[i].name;
    }
    EXPECT_FALSE(shadow.is_training());
}

}  // namespace
}  // namespace yolotrain
