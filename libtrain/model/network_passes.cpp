// SPDX-License-Identifier: Apache-2.0
// The two passes over the whole network: how the layers of network.hpp are connected.
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "network.hpp"

namespace yolotrain::detail {

namespace {

/// Cells (dy, dx) of the 2 × 2 squares that `x` consists of: [B, C, H/2, W/2].
at::Tensor cells(const at::Tensor& x, std::int64_t dy, std::int64_t dx) {
    return x.slice(2, dy, x.size(2), 2).slice(3, dx, x.size(3), 2);
}

/// Gradient of doubling a map: the sum over each square.
at::Tensor upsample_backward(const at::Tensor& g) {
    auto sum = at::add(cells(g, 0, 0), cells(g, 0, 1));
    return sum.add_(cells(g, 1, 0)).add_(cells(g, 1, 1));
}

at::Tensor first_channels(const at::Tensor& g, std::int64_t count) {
    return g.narrow(1, 0, count);
}
at::Tensor last_channels(const at::Tensor& g, std::int64_t count) {
    return g.narrow(1, g.size(1) - count, count);
}

}  // namespace

at::Tensor Network::join_up(const Feature& low, const Feature& high) {
    const auto all = empty_like_with_channels(high.z, low.channels() + high.channels());
    const auto y = low.activate();
    const auto doubled = first_channels(all, low.channels());
    for (const std::int64_t dy : {0, 1}) {
        for (const std::int64_t dx : {0, 1}) cells(doubled, dy, dx).copy_(y);
    }
    high.activate_into(last_channels(all, high.channels()));
    return all;
}

at::Tensor Network::join(const Feature& down, const Feature& high) {
    const auto all = empty_like_with_channels(high.z, down.channels() + high.channels());
    down.activate_into(first_channels(all, down.channels()));
    high.activate_into(last_channels(all, high.channels()));
    return all;
}

RawMaps Network::forward(const at::Tensor& image, Mode mode, Tape& t) {
    at::NoGradGuard no_grad;
    auto drop = [&](Feature& feature) {
        if (!mode.keep) feature = {};
    };
    t.image = image.to(compute).contiguous(at::MemoryFormat::ChannelsLast);
    t.f0 = conv0.forward(t.image, mode.training);
    t.f1 = conv1.forward(t.f0.activate(), mode.training);
    drop(t.f0);
    c2f2.forward(t.f1.activate(), mode, t.c2);
    drop(t.f1);
    t.f3 = conv3.forward(t.c2.out.activate(), mode.training);
    drop(t.c2.out);
    c2f4.forward(t.f3.activate(), mode, t.c4);
    drop(t.f3);
    t.f5 = conv5.forward(t.c4.out.activate(), mode.training);
    c2f6.forward(t.f5.activate(), mode, t.c6);
    drop(t.f5);
    t.f7 = conv7.forward(t.c6.out.activate(), mode.training);
    c2f8.forward(t.f7.activate(), mode, t.c8);
    drop(t.f7);
    sppf9.forward(t.c8.out.activate(), mode, t.c9);
    drop(t.c8.out);

    c2f12.forward(join_up(t.c9.out, t.c6.out), mode, t.c12);
    drop(t.c6.out);
    c2f15.forward(join_up(t.c12.out, t.c4.out), mode, t.c15);
    drop(t.c4.out);
    RawMaps maps;
    {
        const auto out3 = t.c15.out.activate();
        drop(t.c15.out);
        maps[0] = head22.forward(0, out3, mode, t.head);
        t.f16 = conv16.forward(out3, mode.training);
    }
    c2f18.forward(join(t.f16, t.c12.out), mode, t.c18);
    drop(t.f16);
    drop(t.c12.out);
    {
        const auto out4 = t.c18.out.activate();
        drop(t.c18.out);
        maps[1] = head22.forward(1, out4, mode, t.head);
        t.f19 = conv19.forward(out4, mode.training);
    }
    c2f21.forward(join(t.f19, t.c9.out), mode, t.c21);
    maps[2] = head22.forward(2, t.c21.out.activate(), mode, t.head);
    return maps;
}

std::vector<at::Tensor> Network::backward(Tape& t, const RawMaps& maps) {
    at::NoGradGuard no_grad;
    Gradients gradients;
    auto finish = [&] {
        std::vector<at::Tensor> out;
        for (const auto* parameter : trained_) out.push_back(std::move(gradients.at(parameter)));
        return out;
    };
    /// One convolution block between two stages.
    auto through = [&](ConvBlock& block, Feature& tape, const at::Tensor& gy, bool owned,
                       const at::Tensor& x) {
        const auto gz = block.backward_activation(tape, gy, owned, gradients);
        return block.backward_convolution(gz, x, true, gradients);
    };
    const auto low = t.f19.channels(), n4 = t.c12.out.channels(), p5 = t.c9.out.channels();
    const auto p4 = t.c6.out.channels(), p3 = t.c4.out.channels();

    // The head always trains: its three levels come first in their stages, whatever is frozen below.
    auto g = head22.backward(2, t.head, maps[2], t.c21.out.activate(), gradients);
    at::Tensor g_p5, g_n4;
    if (trains(21)) {
        g = c2f21.backward(
            t.c21, g, [&] { return join(t.f19, t.c9.out); }, gradients);
        g_p5 = last_channels(g, p5);
    }
    {
        const auto out4 = t.c18.out.activate();
        if (trains(19)) g = through(conv19, t.f19, first_channels(g, low), false, out4);
        const auto from_head = head22.backward(1, t.head, maps[1], out4, gradients);
        g = trains(19) ? g.add_(from_head) : from_head;
    }
    if (trains(18)) {
        g = c2f18.backward(
            t.c18, g, [&] { return join(t.f16, t.c12.out); }, gradients);
        g_n4 = last_channels(g, n4);
    }
    {
        const auto out3 = t.c15.out.activate();
        if (trains(16)) g = through(conv16, t.f16, first_channels(g, t.f16.channels()), false, out3);
        const auto from_head = head22.backward(0, t.head, maps[0], out3, gradients);
        g = trains(16) ? g.add_(from_head) : from_head;
    }
    if (!trains(15)) return finish();
    g = c2f15.backward(
        t.c15, g, [&] { return join_up(t.c12.out, t.c4.out); }, gradients);
    auto g_p3 = last_channels(g, p3);
    g_n4 = upsample_backward(first_channels(g, n4)).add_(g_n4);
    if (!trains(12)) return finish();
    g = c2f12.backward(
        t.c12, g_n4, [&] { return join_up(t.c9.out, t.c6.out); }, gradients);
    auto g_p4 = last_channels(g, p4);
    g_p5 = upsample_backward(first_channels(g, p5)).add_(g_p5);

    if (!trains(9)) return finish();
    g = sppf9.backward(
        t.c9, g_p5, [&] { return t.c8.out.activate(); }, gradients);
    if (!trains(8)) return finish();
    g = c2f8.backward(
        t.c8, g, [&] { return t.f7.activate(); }, gradients);
    if (!trains(7)) return finish();
    g = through(conv7, t.f7, g, true, t.c6.out.activate()).add_(g_p4);
    if (!trains(6)) return finish();
    g = c2f6.backward(
        t.c6, g, [&] { return t.f5.activate(); }, gradients);
    if (!trains(5)) return finish();
    g = through(conv5, t.f5, g, true, t.c4.out.activate()).add_(g_p3);
    if (!trains(4)) return finish();
    g = c2f4.backward(
        t.c4, g, [&] { return t.f3.activate(); }, gradients);
    if (!trains(3)) return finish();
    g = through(conv3, t.f3, g, true, t.c2.out.activate());
    if (!trains(2)) return finish();
    g = c2f2.backward(
        t.c2, g, [&] { return t.f1.activate(); }, gradients);
    if (!trains(1)) return finish();
    g = through(conv1, t.f1, g, true, t.f0.activate());
    if (!trains(0)) return finish();
    g = conv0.backward_activation(t.f0, g, true, gradients);
    conv0.backward_convolution(g, t.image, /*want_input=*/false, gradients);
    return finish();
}

}  // namespace yolotrain::detail
