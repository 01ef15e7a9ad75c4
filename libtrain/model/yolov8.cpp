// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/yolov8.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "layers.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// The five members of the family differ in three numbers only.
struct Dimensions {
    double depth, width;
    std::int64_t max_channels;

    std::int64_t channels(std::int64_t base) const {
        const double scaled = static_cast<double>(std::min(base, max_channels)) * width;
        return static_cast<std::int64_t>(std::ceil(scaled / 8)) * 8;
    }
    int repeats(int base) const {
        return std::max(static_cast<int>(std::nearbyint(base * depth)), 1);
    }
};

Dimensions dimensions(Scale scale) {
    switch (scale) {
        case Scale::n:
            return {0.33, 0.25, 1024};
        case Scale::s:
            return {0.33, 0.50, 1024};
        case Scale::m:
            return {0.67, 0.75, 768};
        case Scale::l:
            return {1.00, 1.00, 512};
        case Scale::x:
            return {1.00, 1.25, 512};
    }
    throw Error(ErrorKind::invalid_argument, "unknown model scale");
}

at::Tensor upsample(const at::Tensor& x) {
    return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
}

}  // namespace

struct YoloV8::Net {
    Net(Scale scale_, std::int64_t nc_, const Dimensions& d)
        : scale(scale_),
          nc(nc_),
          conv0(3, d.channels(64), 3, 2),
          conv1(d.channels(64), d.channels(128), 3, 2),
          c2f2(d.channels(128), d.channels(128), d.repeats(3), true),
          conv3(d.channels(128), d.channels(256), 3, 2),
          c2f4(d.channels(256), d.channels(256), d.repeats(6), true),
          conv5(d.channels(256), d.channels(512), 3, 2),
          c2f6(d.channels(512), d.channels(512), d.repeats(6), true),
          conv7(d.channels(512), d.channels(1024), 3, 2),
          c2f8(d.channels(1024), d.channels(1024), d.repeats(3), true),
          sppf9(d.channels(1024), d.channels(1024)),
          c2f12(d.channels(1024) + d.channels(512), d.channels(512), d.repeats(3), false),
          c2f15(d.channels(512) + d.channels(256), d.channels(256), d.repeats(3), false),
          conv16(d.channels(256), d.channels(256), 3, 2),
          c2f18(d.channels(256) + d.channels(512), d.channels(512), d.repeats(3), false),
          conv19(d.channels(512), d.channels(512), 3, 2),
          c2f21(d.channels(512) + d.channels(1024), d.channels(1024), d.repeats(3), false),
          head22({d.channels(256), d.channels(512), d.channels(1024)}, nc_) {
        list_tensors();
    }

    RawMaps forward(const at::Tensor& input);
    void list_tensors();
    void initialise(std::uint64_t seed);
    void refresh();

    Scale scale;
    std::int64_t nc;
    bool training = true;
    int frozen_layers = 0;

    detail::ConvBlock conv0, conv1;
    detail::C2f c2f2;
    detail::ConvBlock conv3;
    detail::C2f c2f4;
    detail::ConvBlock conv5;
    detail::C2f c2f6;
    detail::ConvBlock conv7;
    detail::C2f c2f8;
    detail::Sppf sppf9;
    detail::C2f c2f12, c2f15;
    detail::ConvBlock conv16;
    detail::C2f c2f18;
    detail::ConvBlock conv19;
    detail::C2f c2f21;
    detail::Head head22;

    detail::StateList list;  ///< points into the blocks above: a Net never moves
    std::vector<NamedTensor> state, parameters;
};

RawMaps YoloV8::Net::forward(const at::Tensor& input) {
    const bool t = training;
    auto x = c2f2.forward(conv1.forward(conv0.forward(input, t), t), t);
    const auto p3 = c2f4.forward(conv3.forward(x, t), t);
    const auto p4 = c2f6.forward(conv5.forward(p3, t), t);
    const auto p5 = sppf9.forward(c2f8.forward(conv7.forward(p4, t), t), t);
    const auto n4 = c2f12.forward(at::cat({upsample(p5), p4}, 1), t);
    const auto out3 = c2f15.forward(at::cat({upsample(n4), p3}, 1), t);
    const auto out4 = c2f18.forward(at::cat({conv16.forward(out3, t), n4}, 1), t);
    const auto out5 = c2f21.forward(at::cat({conv19.forward(out4, t), p5}, 1), t);
    return head22.forward({out3, out4, out5}, t);
}

void YoloV8::Net::list_tensors() {
    conv0.list("model.0.", list);
    conv1.list("model.1.", list);
    c2f2.list("model.2.", list);
    conv3.list("model.3.", list);
    c2f4.list("model.4.", list);
    conv5.list("model.5.", list);
    c2f6.list("model.6.", list);
    conv7.list("model.7.", list);
    c2f8.list("model.8.", list);
    sppf9.list("model.9.", list);
    c2f12.list("model.12.", list);
    c2f15.list("model.15.", list);
    conv16.list("model.16.", list);
    c2f18.list("model.18.", list);
    conv19.list("model.19.", list);
    c2f21.list("model.21.", list);
    head22.list("model.22.", list);
}

void YoloV8::Net::initialise(std::uint64_t seed) {
    std::uint64_t index = 0;
    at::NoGradGuard no_grad;
    for (const auto& entry : list.entries()) {
        ++index;
        if (!entry.is_parameter || entry.tensor->dim() != 4 || entry.tensor == &head22.dfl)
            continue;
        // Kaiming's uniform distribution with a = sqrt(5), the framework's default for
        // convolutions: the bound is 1/sqrt(fan in). Each tensor has a stream of its own.
        yolodata::Random random(seed, 0, index, yolodata::Purpose::model);
        const double bound = 1 / std::sqrt(static_cast<double>((*entry.tensor)[0].numel()));
        const double step = std::ldexp(2 * bound, -32);
        auto* values = entry.tensor->data_ptr<float>();
        for (std::int64_t i = 0; i < entry.tensor->numel(); ++i) {
            values[i] = static_cast<float>(random.bits() * step - bound);
        }
    }
    for (std::size_t l = 0; l < level_strides.size(); ++l) {
        // A prior of about 5 objects in a 640 px picture, spread over its cells and classes.
        const double cells = std::pow(640.0 / level_strides[l], 2);
        head22.box[l].bias.fill_(2.0);
        head22.cls[l].bias.fill_(std::log(5 / static_cast<double>(nc) / cells));
    }
}

/// Rebuilds the lists after tensors changed their place, their device or who may train them.
void YoloV8::Net::refresh() {
    state.clear();
    parameters.clear();
    auto is_frozen = [&](const std::string& name) {
        return std::stoi(name.substr(6)) < frozen_layers;  // "model.N.…"
    };
    for (const auto& entry : list.entries()) {
        const bool trainable =
            entry.is_parameter && entry.tensor != &head22.dfl && !is_frozen(entry.name);
        entry.tensor->set_requires_grad(trainable);
        state.push_back({entry.name, *entry.tensor});
        if (trainable) parameters.push_back(state.back());
    }
}

YoloV8 YoloV8::uninitialised(Scale scale, std::int64_t nc) {
    if (nc < 1) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("a model needs at least one class, not {}", nc));
    }
    auto net = std::make_unique<Net>(scale, nc, dimensions(scale));
    net->refresh();
    return YoloV8(std::move(net));
}

YoloV8::YoloV8(Scale scale, std::int64_t nc, std::uint64_t seed)
    : YoloV8(uninitialised(scale, nc)) {
    net_->initialise(seed);
}

YoloV8::YoloV8(std::unique_ptr<Net> net) : net_(std::move(net)) {}
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
const std::vector<NamedTensor>& YoloV8::state() const {
    return net_->state;
}
const std::vector<NamedTensor>& YoloV8::parameters() const {
    return net_->parameters;
}

RawMaps YoloV8::forward(const at::Tensor& x) {
    if (x.dim() != 4 || x.size(1) != 3 || x.size(2) % 32 != 0 || x.size(3) % 32 != 0 ||
        x.numel() == 0) {
        throw Error(
            ErrorKind::invalid_argument,
            fmt::format("the network takes [B, 3, H, W] with H and W multiples of 32, not [{}]",
                        fmt::join(x.sizes(), ", ")));
    }
    return net_->forward(x);
}

void YoloV8::freeze(int layers) {
    if (layers < 0 || layers > 22) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("freeze takes 0 to 22 layers, not {}", layers));
    }
    auto& n = *net_;
    n.frozen_layers = layers;
    const std::array<std::pair<int, detail::ConvBlock*>, 7> convs = {{{0, &n.conv0},
                                                                      {1, &n.conv1},
                                                                      {3, &n.conv3},
                                                                      {5, &n.conv5},
                                                                      {7, &n.conv7},
                                                                      {16, &n.conv16},
                                                                      {19, &n.conv19}}};
    for (const auto& [index, block] : convs) block->frozen = index < layers;
    const std::array<std::pair<int, detail::C2f*>, 8> stages = {{{2, &n.c2f2},
                                                                 {4, &n.c2f4},
                                                                 {6, &n.c2f6},
                                                                 {8, &n.c2f8},
                                                                 {12, &n.c2f12},
                                                                 {15, &n.c2f15},
                                                                 {18, &n.c2f18},
                                                                 {21, &n.c2f21}}};
    for (const auto& [index, stage] : stages) stage->freeze(index < layers);
    n.sppf9.cv1.frozen = n.sppf9.cv2.frozen = 9 < layers;
    n.refresh();
}

void YoloV8::to(at::Device device) {
    at::NoGradGuard no_grad;
    for (const auto& entry : net_->list.entries()) {
        *entry.tensor = entry.tensor->detach().to(device);
    }
    net_->refresh();
}

YoloV8 YoloV8::clone() const {
    at::NoGradGuard no_grad;
    auto copy = std::make_unique<Net>(net_->scale, net_->nc, dimensions(net_->scale));
    const auto& target = copy->list.entries();
    for (std::size_t i = 0; i < target.size(); ++i) {
        *target[i].tensor = net_->state[i].tensor.detach().clone();
    }
    copy->training = false;
    copy->refresh();
    for (auto& parameter : copy->parameters) parameter.tensor.set_requires_grad(false);
    return YoloV8(std::move(copy));
}

}  // namespace yolotrain
