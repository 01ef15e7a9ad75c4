// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include <algorithm>

#include "convolution.hpp"
#include "layers.hpp"

namespace yolotrain::detail {

HeadBranch::HeadBranch(std::int64_t in, std::int64_t hidden, std::int64_t out)
    : first(in, hidden, 3, 1),
      second(hidden, hidden, 3, 1),
      weight(at::empty({out, hidden, 1, 1})),
      bias(at::empty({out})) {}

/// The last convolution is in float32 (on a GPU TF32, cuDNN's own), whatever the network is: in bfloat16 the maps and the loss' gradient, rounded to
/// three digits, are what its weights' gradients would suffer from most, and it takes a fiftieth of the time.
at::Tensor HeadBranch::forward(const at::Tensor& x, Mode mode, Tape& tape) {
    tape.first = first.forward(x, mode.training);
    tape.second = second.forward(tape.first.activate(), mode.training);
    auto map = convolve(tape.second.activate().to(at::kFloat), weight, bias, 1, 0);
    if (!mode.keep) tape = {};
    return map;
}

at::Tensor HeadBranch::backward(Tape& tape, const at::Tensor& gy, const at::Tensor& x,
                                Gradients& gradients) {
    auto last = convolve_backward(gy, tape.second.activate().to(at::kFloat), weight, 1, 0, true, true);
    last.input = last.input.to(x.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast);
    gradients[&weight] = std::move(last.weight);
    gradients[&bias] = std::move(last.bias);
    auto g = second.backward_activation(tape.second, last.input, true, gradients);
    last.input.reset();
    g = second.backward_convolution(g, tape.first.activate(), true, gradients);
    g = first.backward_activation(tape.first, g, true, gradients);
    return first.backward_convolution(g, x, true, gradients);
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

at::Tensor Head::forward(std::size_t level, const at::Tensor& x, Mode mode, Tape& tape) {
    return at::cat({box[level].forward(x, mode, tape.box[level]),
                    cls[level].forward(x, mode, tape.cls[level])},
                   1);
}

at::Tensor Head::backward(std::size_t level, Tape& tape, const at::Tensor& gy, const at::Tensor& x,
                          Gradients& gradients) {
    auto channels = [&](std::int64_t first, std::int64_t count) {
        return gy.narrow(1, first, count).contiguous(at::MemoryFormat::ChannelsLast);
    };
    auto gx = box[level].backward(tape.box[level], channels(0, box_channels), x, gradients);
    const auto nc = gy.size(1) - box_channels;
    gx.add_(cls[level].backward(tape.cls[level], channels(box_channels, nc), x, gradients));
    return gx;
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
