// SPDX-License-Identifier: Apache-2.0
#include "layers.hpp"

#include <ATen/ATen.h>

#include "convolution.hpp"

namespace yolotrain::detail {

ConvBlock::ConvBlock(std::int64_t in, std::int64_t out, int kernel, int stride_)
    : weight(at::empty({out, in, kernel, kernel})),
      gamma(at::ones({out})),
      beta(at::zeros({out})),
      mean(at::zeros({out})),
      variance(at::ones({out})),
      batches(at::zeros({}, at::kLong)),
      stride(stride_),
      padding(kernel / 2) {}

Feature ConvBlock::forward(const at::Tensor& x, bool training) {
    auto z = convolve(x, weight, {}, stride, padding);
    if (!training || frozen) return normalise_by_running(std::move(z), gamma, beta, mean, variance);
    return normalise_by_batch(std::move(z), gamma, beta, {mean, variance, batches});
}

at::Tensor ConvBlock::backward_activation(Feature& tape, const at::Tensor& gy, bool owned,
                                          Gradients& gradients) {
    auto g = detail::backward(tape, gamma, gy, owned);
    tape = {};
    gradients[&gamma] = std::move(g.gamma);
    gradients[&beta] = std::move(g.beta);
    return g.z;
}

at::Tensor ConvBlock::backward_convolution(const at::Tensor& gz, const at::Tensor& x,
                                           bool want_input, Gradients& gradients) {
    auto g = convolve_backward(gz, x, weight, stride, padding, want_input, false);
    gradients[&weight] = std::move(g.weight);
    return g.input;
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

void Bottleneck::forward(const at::Tensor& x, const at::Tensor& out, Mode mode, Tape& tape) {
    tape.first = cv1.forward(x.contiguous(at::MemoryFormat::ChannelsLast), mode.training);
    tape.second = cv2.forward(tape.first.activate(), mode.training);
    tape.second.activate_into(out, shortcut ? x : at::Tensor());
    if (!mode.keep) tape = {};
}

void Bottleneck::backward(Tape& tape, const at::Tensor& gy, const at::Tensor& x,
                          const at::Tensor& gx, Gradients& gradients) {
    auto g = cv2.backward_activation(tape.second, gy, false, gradients);
    g = cv2.backward_convolution(g, tape.first.activate(), true, gradients);
    g = cv1.backward_activation(tape.first, g, true, gradients);
    g = cv1.backward_convolution(g, x.contiguous(at::MemoryFormat::ChannelsLast), true, gradients);
    gx.add_(g);
    if (shortcut) gx.add_(gy);
}

void Bottleneck::list(const std::string& prefix, StateList& state) {
    cv1.list(prefix + "cv1.", state);
    cv2.list(prefix + "cv2.", state);
}

C2f::C2f(std::int64_t in, std::int64_t out, int repeats, bool shortcut)
    : cv1(in, out, 1, 1), cv2((2 + repeats) * (out / 2), out, 1, 1) {
    for (int i = 0; i < repeats; ++i) m.emplace_back(out / 2, shortcut);
}

at::Tensor C2f::concatenation(const Feature& like) const {
    return empty_like_with_channels(like.z, cv2.weight.size(1));
}

/// Half 0, half 1, then the bottlenecks' outputs.
at::Tensor C2f::part(const at::Tensor& all, std::size_t index) const {
    const auto width = cv1.weight.size(0) / 2;
    return all.narrow(1, static_cast<std::int64_t>(index) * width, width);
}

void C2f::forward(const at::Tensor& x, Mode mode, Tape& tape) {
    tape.first = cv1.forward(x, mode.training);
    const auto all = concatenation(tape.first);
    tape.first.activate_into(all.narrow(1, 0, tape.first.channels()));
    if (!mode.keep) tape.first = {};
    tape.m.resize(m.size());
    for (std::size_t i = 0; i < m.size(); ++i) {
        m[i].forward(part(all, i + 1), part(all, i + 2), mode, tape.m[i]);
    }
    tape.out = cv2.forward(all, mode.training);
}

at::Tensor C2f::backward(Tape& tape, const at::Tensor& gy, const Remake& x, Gradients& gradients) {
    auto all = concatenation(tape.first);
    tape.first.activate_into(all.narrow(1, 0, tape.first.channels()));
    for (std::size_t i = 0; i < m.size(); ++i) {
        tape.m[i].second.activate_into(part(all, i + 2),
                                       m[i].shortcut ? part(all, i + 1) : at::Tensor());
    }
    auto g = cv2.backward_activation(tape.out, gy, true, gradients);
    g = cv2.backward_convolution(g, all, true, gradients);
    for (std::size_t i = m.size(); i-- > 0;) {
        m[i].backward(tape.m[i], part(g, i + 2), part(all, i + 1), part(g, i + 1), gradients);
    }
    all.reset();
    g = cv1.backward_activation(tape.first, g.narrow(1, 0, cv1.weight.size(0)), false, gradients);
    return cv1.backward_convolution(g, x(), true, gradients);
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

}  // namespace yolotrain::detail
