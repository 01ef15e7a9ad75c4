// SPDX-License-Identifier: Apache-2.0
#include "layers.hpp"

#include <algorithm>

namespace yolotrain::detail {

namespace {

constexpr double bn_momentum = 0.03;
constexpr double bn_eps = 1e-3;

}  // namespace

ConvBlock::ConvBlock(std::int64_t in, std::int64_t out, int kernel, int stride_)
    : weight(at::empty({out, in, kernel, kernel})),
      gamma(at::ones({out})),
      beta(at::zeros({out})),
      mean(at::zeros({out})),
      variance(at::ones({out})),
      batches(at::zeros({}, at::kLong)),
      stride(stride_),
      padding(kernel / 2) {}

at::Tensor ConvBlock::forward(const at::Tensor& x, bool training) {
    training = training && !frozen;
    auto z = at::conv2d(x, weight, {}, stride, padding);
    if (training) batches.add_(1);
    auto u = at::batch_norm(z, gamma, beta, mean, variance, training, bn_momentum, bn_eps, true);
    return at::silu(u);
}

void ConvBlock::list(const std::string& prefix, StateList& state) {
    state.parameter(prefix + "conv.weight", weight);
    state.parameter(prefix + "bn.weight", gamma);
    state.parameter(prefix + "bn.bias", beta);
    state.buffer(prefix + "bn.running_mean", mean);
    state.buffer(prefix + "bn.running_var", variance);
    state.buffer(prefix + "bn.num_batches_tracked", batches);
}

Bottleneck::Bottleneck(std::int64_t channels, bool shortcut_)
    : cv1(channels, channels, 3, 1), cv2(channels, channels, 3, 1), shortcut(shortcut_) {}

at::Tensor Bottleneck::forward(const at::Tensor& x, bool training) {
    auto y = cv2.forward(cv1.forward(x, training), training);
    return shortcut ? y + x : y;
}

void Bottleneck::list(const std::string& prefix, StateList& state) {
    cv1.list(prefix + "cv1.", state);
    cv2.list(prefix + "cv2.", state);
}

C2f::C2f(std::int64_t in, std::int64_t out, int repeats, bool shortcut)
    : cv1(in, out, 1, 1), cv2((2 + repeats) * (out / 2), out, 1, 1) {
    for (int i = 0; i < repeats; ++i) m.emplace_back(out / 2, shortcut);
}

at::Tensor C2f::forward(const at::Tensor& x, bool training) {
    std::vector<at::Tensor> parts = cv1.forward(x, training).chunk(2, 1);
    for (auto& bottleneck : m) parts.push_back(bottleneck.forward(parts.back(), training));
    return cv2.forward(at::cat(parts, 1), training);
}

void C2f::list(const std::string& prefix, StateList& state) {
    cv1.list(prefix + "cv1.", state);
    cv2.list(prefix + "cv2.", state);
    for (std::size_t i = 0; i < m.size(); ++i) {
        m[i].list(prefix + "m." + std::to_string(i) + ".", state);
    }
}

void C2f::freeze(bool on) {
    cv1.frozen = cv2.frozen = on;
    for (auto& bottleneck : m) bottleneck.cv1.frozen = bottleneck.cv2.frozen = on;
}

Sppf::Sppf(std::int64_t in, std::int64_t out) : cv1(in, in / 2, 1, 1), cv2(in * 2, out, 1, 1) {}

at::Tensor Sppf::forward(const at::Tensor& x, bool training) {
    auto pool = [](const at::Tensor& t) { return at::max_pool2d(t, 5, 1, 2); };
    const auto y0 = cv1.forward(x, training);
    const auto y1 = pool(y0);
    const auto y2 = pool(y1);
    return cv2.forward(at::cat({y0, y1, y2, pool(y2)}, 1), training);
}

void Sppf::list(const std::string& prefix, StateList& state) {
    cv1.list(prefix + "cv1.", state);
    cv2.list(prefix + "cv2.", state);
}

HeadBranch::HeadBranch(std::int64_t in, std::int64_t hidden, std::int64_t out)
    : first(in, hidden, 3, 1),
      second(hidden, hidden, 3, 1),
      weight(at::empty({out, hidden, 1, 1})),
      bias(at::empty({out})) {}

at::Tensor HeadBranch::forward(const at::Tensor& x, bool training) {
    return at::conv2d(second.forward(first.forward(x, training), training), weight, bias);
}

void HeadBranch::list(const std::string& prefix, StateList& state) {
    first.list(prefix + "0.", state);
    second.list(prefix + "1.", state);
    state.parameter(prefix + "2.weight", weight);
    state.parameter(prefix + "2.bias", bias);
}

Head::Head(const std::array<std::int64_t, 3>& in, std::int64_t nc)
    : dfl(at::arange(distance_bins, at::kFloat).view({1, distance_bins, 1, 1})) {
    const auto box_hidden = std::max<std::int64_t>({16, in[0] / 4, box_channels});
    const auto cls_hidden = std::max(in[0], std::min<std::int64_t>(nc, 100));
    for (const auto channels : in) {
        box.emplace_back(channels, box_hidden, box_channels);
        cls.emplace_back(channels, cls_hidden, nc);
    }
}

RawMaps Head::forward(const std::array<at::Tensor, 3>& x, bool training) {
    RawMaps maps;
    for (std::size_t l = 0; l < maps.size(); ++l) {
        maps[l] = at::cat({box[l].forward(x[l], training), cls[l].forward(x[l], training)}, 1);
    }
    return maps;
}

void Head::list(const std::string& prefix, StateList& state) {
    for (std::size_t l = 0; l < box.size(); ++l) {
        box[l].list(prefix + "cv2." + std::to_string(l) + ".", state);
    }
    for (std::size_t l = 0; l < cls.size(); ++l) {
        cls[l].list(prefix + "cv3." + std::to_string(l) + ".", state);
    }
    state.parameter(prefix + "dfl.conv.weight", dfl);
}

}  // namespace yolotrain::detail
