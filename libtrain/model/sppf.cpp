// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>

#include "layers.hpp"

namespace yolotrain::detail {

namespace {

constexpr std::int64_t window = 5, pad = 2;

std::pair<at::Tensor, at::Tensor> pool(const at::Tensor& x) {
    auto [y, index] = at::max_pool2d_with_indices(x.contiguous(at::MemoryFormat::ChannelsLast),
                                                  {window, window}, {1, 1}, {pad, pad});
    return {y, index};
}

/// The pools' outputs beside their input; all: [B, 4c, H, W], whose first c channels are set.
void pool_chain(const at::Tensor& all, std::int64_t c, std::array<at::Tensor, 3>* indices) {
    for (std::int64_t i = 0; i < 3; ++i) {
        auto [y, index] = pool(all.narrow(1, i * c, c));
        all.narrow(1, (i + 1) * c, c).copy_(y);
        if (indices) (*indices)[static_cast<std::size_t>(i)] = index;
    }
}

}  // namespace

Sppf::Sppf(std::int64_t in, std::int64_t out) : cv1(in, in / 2, 1, 1), cv2(in * 2, out, 1, 1) {}

void Sppf::forward(const at::Tensor& x, Mode mode, Tape& tape) {
    tape.first = cv1.forward(x, mode.training);
    const auto c = tape.first.channels();
    const auto all = empty_like_with_channels(tape.first.z, 4 * c);
    tape.first.activate_into(all.narrow(1, 0, c));
    pool_chain(all, c, nullptr);
    tape.out = cv2.forward(all, mode.training);
    if (!mode.keep) tape.first = {};
}

at::Tensor Sppf::backward(Tape& tape, const at::Tensor& gy, const Remake& x, Gradients& gradients) {
    const auto c = tape.first.channels();
    const auto all = empty_like_with_channels(tape.first.z, 4 * c);
    tape.first.activate_into(all.narrow(1, 0, c));
    std::array<at::Tensor, 3> indices;
    pool_chain(all, c, &indices);
    auto g = cv2.backward_activation(tape.out, gy, true, gradients);
    g = cv2.backward_convolution(g, all, true, gradients);
    for (std::int64_t i = 3; i-- > 0;) {
        const auto input = all.narrow(1, i * c, c).contiguous(at::MemoryFormat::ChannelsLast);
        g.narrow(1, i * c, c)
            .add_(at::max_pool2d_with_indices_backward(
                g.narrow(1, (i + 1) * c, c).contiguous(at::MemoryFormat::ChannelsLast), input,
                {window, window}, {1, 1}, {pad, pad}, {1, 1}, false,
                indices[static_cast<std::size_t>(i)]));
    }
    g = cv1.backward_activation(tape.first, g.narrow(1, 0, c), false, gradients);
    return cv1.backward_convolution(g, x(), true, gradients);
}

void Sppf::list(const std::string& prefix, StateList& state) {
    cv1.list(prefix + "cv1.", state);
    cv2.list(prefix + "cv2.", state);
}

}  // namespace yolotrain::detail
