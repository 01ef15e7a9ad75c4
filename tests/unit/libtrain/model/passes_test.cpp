// SPDX-License-Identifier: Apache-2.0
// The network's own forward and backward passes against LibTorch's operators and autograd.
#include "../support.hpp"
#include "composition.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using namespace test;

/// A model whose batch norms do something: random gains, shifts and running statistics.
YoloV8 lively_model(Scale scale, std::int64_t nc) {
    YoloV8 model(scale, nc, 3);
    at::manual_seed(5);
    for (const auto& [name, tensor] : model.state()) {
        if (name.ends_with("bn.weight")) tensor.detach().uniform_(0.5, 1.5);
        if (name.ends_with("bn.bias") || name.ends_with("running_mean"))
            tensor.detach().normal_(0, 0.3);
        if (name.ends_with("running_var")) tensor.detach().uniform_(0.5, 2);
    }
    return model;
}

/// A scalar in which every element of the maps has a weight of its own.
at::Tensor probe(const RawMaps& maps) {
    at::Tensor sum = at::zeros({});
    for (const auto& map : maps) {
        const auto wave = (at::arange(map.numel(), at::kFloat) * 0.37).sin().view(map.sizes());
        sum = sum + (map * wave).mean();
    }
    return sum;
}

/// How far the two may be apart, relative L2.
struct Tolerance {
    double forward = 2e-5, gradient = 5e-4;
};

/// Outputs, running statistics, every gradient.
void expect_equal_passes(YoloV8& model, const at::Tensor& image, int frozen = 0,
                         Tolerance tolerance = {}) {
    model.freeze(frozen);
    Composition oracle(model.state(), frozen);
    const auto maps = model.forward(image), expected = oracle.forward(image);
    for (std::size_t l = 0; l < maps.size(); ++l)
        EXPECT_LE(relative_l2(maps[l], expected[l]), tolerance.forward);
    probe(maps).backward();
    probe(expected).backward();
    for (const auto& [name, tensor] : model.state()) {
        if (name.find(".running_") == name.npos) continue;
        EXPECT_LE(relative_l2(tensor, oracle[name]), tolerance.forward) << name;
    }
    for (const auto& [name, tensor] : model.parameters()) {
        ASSERT_TRUE(tensor.grad().defined()) << name << ", frozen " << frozen;
        EXPECT_LE(relative_l2(tensor.grad(), oracle[name].grad()), tolerance.gradient) << name;
    }
}

TEST(Passes, AgreeWithComposedOperators) {
    at::manual_seed(1);
    auto n = lively_model(Scale::n, 3);
    expect_equal_passes(n, at::rand({3, 3, 128, 96}));
    // Channels that are no multiple of a vector (97 classes), several bottlenecks, wide
    // concatenations.
    auto m = lively_model(Scale::m, 97);
    expect_equal_passes(m, at::rand({2, 3, 64, 96}));
}

TEST(Passes, OfAFrozenBackboneGiveTheOthersTheSameGradients) {
    at::manual_seed(2);
    const auto image = at::rand({4, 3, 128, 96});
    for (const int layers : {1, 3, 7, 9, 10, 13, 16, 17, 19, 20, 22}) {
        auto model = lively_model(Scale::n, 2);
        expect_equal_passes(model, image, layers, {.forward = 1e-4, .gradient = 2e-3});
    }
}

/// All gradients as one vector.
template <typename Model>
at::Tensor gradient_of(const std::vector<NamedTensor>& parameters, const Model& tensor_of) {
    std::vector<at::Tensor> all;
    for (const auto& [name, tensor] : parameters) all.push_back(tensor_of(name, tensor).grad().flatten());
    return at::cat(all);
}

TEST(Passes, InBfloat16AreAsCloseAsComposedOperatorsInIt) {
    at::manual_seed(4);
    const auto image = at::rand({4, 3, 128, 96});
    auto model = lively_model(Scale::n, 3);
    Composition exact(model.state()), rounded(model.state(), 0, at::kBFloat16);
    model.compute_in(at::kBFloat16);
    const auto maps = model.forward(image), expected = exact.forward(image), peer = rounded.forward(image);
    probe(maps).backward();
    probe(expected).backward();
    probe(peer).backward();
    for (std::size_t l = 0; l < maps.size(); ++l) {
        EXPECT_EQ(maps[l].scalar_type(), at::kFloat);
        EXPECT_LE(relative_l2(maps[l], expected[l]), 1.2 * relative_l2(peer[l], expected[l])) << l;
    }
    const auto of = [](const Composition& c) {
        return [&c](const std::string& name, const at::Tensor&) { return c[name]; };
    };
    const auto all = gradient_of(model.parameters(), [](const std::string&, const at::Tensor& t) { return t; });
    const auto all_exact = gradient_of(model.parameters(), of(exact));
    const auto all_peer = gradient_of(model.parameters(), of(rounded));
    EXPECT_EQ(all.scalar_type(), at::kFloat);
    EXPECT_LE(relative_l2(all, all_exact), 1.2 * relative_l2(all_peer, all_exact));
}

TEST(Passes, InBfloat16TheLastConvolutionsRoundNothing) {
    at::manual_seed(4);
    const auto image = at::rand({2, 3, 64, 96});
    auto model = lively_model(Scale::n, 3);
    Composition exact(model.state());
    model.compute_in(at::kBFloat16);
    const auto maps = model.forward(image);
    probe(maps).backward();
    probe(exact.forward(image)).backward();
    /// Of numbers that were rounded to bfloat16, all.
    const auto share_rounded = [](const at::Tensor& t) {
        return (t.to(at::kBFloat16).to(at::kFloat) == t).to(at::kFloat).mean().item<double>();
    };
    for (const auto& map : maps) EXPECT_LT(share_rounded(map), 0.1);
    int compared = 0;
    for (const auto& [name, tensor] : model.parameters()) {
        if (name.ends_with(".2.weight")) {
            EXPECT_LT(share_rounded(tensor.grad()), 0.1) << name;
        }
        if (!name.ends_with(".2.bias")) continue;
        // Sums of the loss' gradient alone, whatever the layers before have rounded.
        EXPECT_LT(relative_l2(tensor.grad(), exact[name].grad()), 1e-5) << name;
        ++compared;
    }
    EXPECT_EQ(compared, 6);
}

TEST(Passes, AreAsExactAsComposedOperators) {
    at::manual_seed(6);
    const auto image = at::rand({4, 3, 128, 96});
    auto model = lively_model(Scale::n, 3);
    Composition exact(model.state(), 0, at::kDouble), peer(model.state());
    const auto maps = model.forward(image), expected = exact.forward(image), theirs = peer.forward(image);
    probe(maps).backward();
    probe(expected).backward();
    probe(theirs).backward();
    for (std::size_t l = 0; l < maps.size(); ++l) {
        EXPECT_LE(relative_l2(maps[l], expected[l]), 1.5 * relative_l2(theirs[l], expected[l])) << l;
    }
    const auto of = [](const Composition& c) {
        return [&c](const std::string& name, const at::Tensor&) { return c[name]; };
    };
    const auto own = [](const std::string&, const at::Tensor& t) { return t; };
    const auto truth = gradient_of(model.parameters(), of(exact));
    EXPECT_LE(relative_l2(gradient_of(model.parameters(), own), truth),
              1.5 * relative_l2(gradient_of(model.parameters(), of(peer)), truth));
}

TEST(Passes, RunOnceAndOnlyWithAGraph) {
    auto model = lively_model(Scale::n, 2);
    const auto image = at::rand({2, 3, 64, 64});
    const auto loss = probe(model.forward(image));
    loss.backward({}, /*retain_graph=*/true);
    EXPECT_THROW(loss.backward(), std::exception);
    {
        at::NoGradGuard no_grad;
        EXPECT_FALSE(model.forward(image)[0].requires_grad());
    }
    model.train(false);
    EXPECT_FALSE(model.forward(image)[0].requires_grad());
    model.train(true);
    EXPECT_THROW(model.forward(at::rand({1, 3, 32, 32})), yolodata::Error);
}

TEST(Passes, GradientsOfSomeMapsAloneAreThoseOfTheRestBeingZero) {
    auto model = lively_model(Scale::n, 2);
    const auto image = at::rand({2, 3, 64, 64});
    Composition oracle(model.state());
    model.forward(image)[1].square().mean().backward();
    oracle.forward(image)[1].square().mean().backward();
    for (const auto& [name, tensor] : model.parameters()) {
        const auto expected = oracle[name].grad();
        if (expected.defined()) {
            EXPECT_LE(relative_l2(tensor.grad(), expected), 5e-4) << name;
        } else {
            EXPECT_EQ(tensor.grad().abs().max().item<double>(), 0) << name;
        }
    }
}

TEST(Passes, OutliveTheModelThatMadeThem) {
    at::Tensor loss, weight;
    {
        auto model = lively_model(Scale::n, 2);
        weight = model.parameters().front().tensor;
        loss = probe(model.forward(at::rand({2, 3, 64, 64})));
    }
    loss.backward();
    EXPECT_TRUE(weight.grad().defined());
}

TEST(Passes, HaveTheSameBitsEachTime) {
    const auto image = at::rand({2, 3, 64, 64});
    std::vector<at::Tensor> first;
    for (int run = 0; run < 2; ++run) {
        auto model = lively_model(Scale::n, 2);
        probe(model.forward(image)).backward();
        for (std::size_t i = 0; i < model.parameters().size(); ++i) {
            const auto gradient = model.parameters()[i].tensor.grad();
            if (run == 0) {
                first.push_back(gradient);
            } else {
                EXPECT_TRUE(at::equal(first[i], gradient)) << model.parameters()[i].name;
            }
        }
    }
}

}  // namespace
}  // namespace yolotrain
