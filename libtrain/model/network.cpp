// SPDX-License-Identifier: Apache-2.0
#include "network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>

#include "yolodata/core/random.hpp"

namespace yolotrain::detail {

/// The five members of the family differ in three numbers only.
struct Network::Width {
    double depth, width;
    std::int64_t max_channels;

    static Width of(Scale scale) {
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
                break;
        }
        return {1.00, 1.25, 512};
    }
    std::int64_t channels(std::int64_t base) const {
        const double scaled = static_cast<double>(std::min(base, max_channels)) * width;
        return static_cast<std::int64_t>(std::ceil(scaled / 8)) * 8;
    }
    int repeats(int base) const {
        return std::max(static_cast<int>(std::nearbyint(base * depth)), 1);
    }
};

Network::Network(Scale scale_, std::int64_t nc_) : Network(scale_, nc_, Width::of(scale_)) {}

Network::Network(Scale scale_, std::int64_t nc_, const Width& w)
    : scale(scale_),
      nc(nc_),
      conv0(3, w.channels(64), 3, 2),
      conv1(w.channels(64), w.channels(128), 3, 2),
      c2f2(w.channels(128), w.channels(128), w.repeats(3), true),
      conv3(w.channels(128), w.channels(256), 3, 2),
      c2f4(w.channels(256), w.channels(256), w.repeats(6), true),
      conv5(w.channels(256), w.channels(512), 3, 2),
      c2f6(w.channels(512), w.channels(512), w.repeats(6), true),
      conv7(w.channels(512), w.channels(1024), 3, 2),
      c2f8(w.channels(1024), w.channels(1024), w.repeats(3), true),
      sppf9(w.channels(1024), w.channels(1024)),
      c2f12(w.channels(1024) + w.channels(512), w.channels(512), w.repeats(3), false),
      c2f15(w.channels(512) + w.channels(256), w.channels(256), w.repeats(3), false),
      conv16(w.channels(256), w.channels(256), 3, 2),
      c2f18(w.channels(256) + w.channels(512), w.channels(512), w.repeats(3), false),
      conv19(w.channels(512), w.channels(512), 3, 2),
      c2f21(w.channels(512) + w.channels(1024), w.channels(1024), w.repeats(3), false),
      head22({w.channels(256), w.channels(512), w.channels(1024)}, nc_) {
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
    refresh();
}

void Network::initialise(std::uint64_t seed) {
    at::NoGradGuard no_grad;
    std::uint64_t index = 0;
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

void Network::freeze(int layers) {
    frozen_layers_ = layers;
    for (auto [index, block] : {std::pair{0, &conv0},
                                {1, &conv1},
                                {3, &conv3},
                                {5, &conv5},
                                {7, &conv7},
                                {16, &conv16},
                                {19, &conv19}}) {
        block->frozen = index < layers;
    }
    for (auto [index, block] : {std::pair{2, &c2f2},
                                {4, &c2f4},
                                {6, &c2f6},
                                {8, &c2f8},
                                {12, &c2f12},
                                {15, &c2f15},
                                {18, &c2f18},
                                {21, &c2f21}}) {
        block->freeze(index < layers);
    }
    sppf9.cv1.frozen = sppf9.cv2.frozen = 9 < layers;
    refresh();
}

void Network::refresh() {
    state.clear();
    parameters.clear();
    trained_.clear();
    for (const auto& entry : list.entries()) {
        const int layer = std::stoi(entry.name.substr(6));  // "model.N.…"
        const bool trainable = entry.is_parameter && entry.tensor != &head22.dfl && trains(layer);
        entry.tensor->set_requires_grad(trainable);
        state.push_back({entry.name, *entry.tensor});
        if (!trainable) continue;
        parameters.push_back(state.back());
        trained_.push_back(entry.tensor);
    }
}

}  // namespace yolotrain::detail
