// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/yolov8.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/custom_function.h>

#include "graph_node.hpp"
#include "network.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

using detail::Network;
using yolodata::Error;
using yolodata::ErrorKind;

/// The network as one node of autograd's graph: from the maps' gradients to the parameters'.
struct NetworkBackward final : torch::autograd::Node {
    std::shared_ptr<Network> network;
    detail::Tape tape;
    RawMaps shapes;  ///< without memory: what an undefined gradient stands for

    torch::autograd::variable_list apply(torch::autograd::variable_list&& gradients) override {
        if (!tape.image.defined()) {
            throw Error(ErrorKind::invalid_argument, "the backward pass of a network runs once");
        }
        RawMaps maps;
        for (std::size_t l = 0; l < maps.size(); ++l) {
            maps[l] = gradients[l].defined() ? gradients[l] : at::zeros_like(shapes[l]);
        }
        auto out = network->backward(tape, maps);
        tape = {};
        return out;
    }
    void release_variables() override { tape = {}; }
};

std::string text_of(at::IntArrayRef sizes) {
    return fmt::format("{}", fmt::join(sizes, ", "));
}

void check_input(const at::Tensor& x) {
    if (x.dim() != 4 || x.size(1) != 3 || x.size(2) % 32 != 0 || x.size(3) % 32 != 0 ||
        x.numel() == 0) {
        throw Error(
            ErrorKind::invalid_argument,
            fmt::format("the network takes [B, 3, H, W] with H and W multiples of 32, not [{}]",
                        text_of(x.sizes())));
    }
}

}  // namespace

YoloV8 YoloV8::uninitialised(Scale scale, std::int64_t nc) {
    if (nc < 1) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("a model needs at least one class, not {}", nc));
    }
    return YoloV8(std::make_shared<Network>(scale, nc));
}

YoloV8::YoloV8(Scale scale, std::int64_t nc, std::uint64_t seed)
    : YoloV8(uninitialised(scale, nc)) {
    net_->initialise(seed);
}

YoloV8::YoloV8(std::shared_ptr<Network> net) : net_(std::move(net)) {}
YoloV8::~YoloV8() = default;
YoloV8::YoloV8(YoloV8&&) noexcept = default;
YoloV8& YoloV8::operator=(YoloV8&&) noexcept = default;

Scale YoloV8::scale() const {
    return net_->scale;
}
std::int64_t YoloV8::nc() const {
    return net_->nc;
}
void YoloV8::train(bool on) {
    net_->training = on;
}
bool YoloV8::is_training() const {
    return net_->training;
}
void YoloV8::compute_in(at::ScalarType type) {
    net_->compute = type;
}
at::ScalarType YoloV8::computes_in() const {
    return net_->compute;
}
const std::vector<NamedTensor>& YoloV8::state() const {
    return net_->state;
}
const std::vector<NamedTensor>& YoloV8::parameters() const {
    return net_->parameters;
}

RawMaps YoloV8::infer(const at::Tensor& x) const {
    check_input(x);
    detail::Tape tape;
    return net_->forward(x.detach(), {.training = false, .keep = false}, tape);
}

RawMaps YoloV8::forward(const at::Tensor& x) {
    check_input(x);
    if (net_->training && x.size(0) * x.size(2) * x.size(3) <= 32 * 32) {
        throw Error(
            ErrorKind::invalid_argument,
            "one picture of 32 × 32 px has no batch statistics to train with: a larger batch or "
            "picture is needed");
    }
    const bool record = net_->training && at::GradMode::is_enabled() && !net_->parameters.empty();
    if (!record) {
        detail::Tape tape;
        return net_->forward(x.detach(), {.training = net_->training, .keep = false}, tape);
    }
    auto* const node = new NetworkBackward;
    const detail::NodePointer owned = detail::own(node);
    auto maps = net_->forward(x.detach(), {.training = true, .keep = true}, node->tape);
    node->network = net_;
    torch::autograd::edge_list edges;
    for (const auto& parameter : net_->parameters) {
        edges.push_back(torch::autograd::impl::gradient_edge(parameter.tensor));
    }
    node->set_next_edges(std::move(edges));
    for (std::size_t l = 0; l < maps.size(); ++l) {
        node->shapes[l] = at::zeros({1}, maps[l].options()).expand(maps[l].sizes());
        const auto number = node->add_input_metadata(maps[l]);
        torch::autograd::impl::set_gradient_edge(maps[l], {owned, number});
    }
    return maps;
}

void YoloV8::freeze(int layers) {
    if (layers < 0 || layers > 22) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("freeze takes 0 to 22 layers, not {}", layers));
    }
    net_->freeze(layers);
}

void YoloV8::to(at::Device device) {
    at::NoGradGuard no_grad;
    for (const auto& entry : net_->list.entries())
        *entry.tensor = entry.tensor->detach().to(device);
    net_->refresh();
}

YoloV8 YoloV8::clone() const {
    at::NoGradGuard no_grad;
    auto copy = uninitialised(net_->scale, net_->nc);
    for (std::size_t i = 0; i < net_->state.size(); ++i) {
        copy.net_->state[i].tensor.detach().copy_(net_->state[i].tensor);
    }
    copy.to(net_->state.front().tensor.device());
    for (const auto& parameter : copy.net_->parameters) parameter.tensor.set_requires_grad(false);
    copy.train(false);
    return copy;
}

}  // namespace yolotrain
