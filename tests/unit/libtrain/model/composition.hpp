// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/ATen.h>

#include <map>
#include <string>
#include <vector>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain::test {

/// The network composed of LibTorch's own operators and autograd, from a state by its keys: slow,
/// plain, and written apart from the library. The oracle of its passes.
class Composition {
 public:
    /// frozen: layers that normalise by their running statistics, the first ones. type: that of
    /// convolutions and features, as autocast would have it; float64: of everything.
    explicit Composition(const std::vector<NamedTensor>& state, int frozen = 0,
                         at::ScalarType type = at::kFloat)
        : frozen_(frozen), type_(type) {
        for (const auto& [name, tensor] : state) {
            const bool widen = type == at::kDouble && tensor.is_floating_point();
            tensors_[name] = widen ? tensor.detach().to(at::kDouble) : tensor.detach().clone();
            const bool trained = name.ends_with(".weight") || name.ends_with(".bias");
            tensors_[name].set_requires_grad(trained && !name.ends_with("dfl.conv.weight"));
        }
    }

    const at::Tensor& operator[](const std::string& key) const { return tensors_.at(key); }

    RawMaps forward(const at::Tensor& image) {
        auto x = c2f(2, conv("model.1", conv("model.0", image.to(type_), 2), 2), true);
        const auto p3 = c2f(4, conv("model.3", x, 2), true);
        const auto p4 = c2f(6, conv("model.5", p3, 2), true);
        const auto p5 = sppf(c2f(8, conv("model.7", p4, 2), true));
        const auto n4 = c2f(12, at::cat({twice(p5), p4}, 1), false);
        const auto out3 = c2f(15, at::cat({twice(n4), p3}, 1), false);
        const auto out4 = c2f(18, at::cat({conv("model.16", out3, 2), n4}, 1), false);
        const auto out5 = c2f(21, at::cat({conv("model.19", out4, 2), p5}, 1), false);
        return {head(0, out3), head(1, out4), head(2, out5)};
    }

 private:
    at::Tensor conv(const std::string& key, const at::Tensor& x, int stride = 1) {
        const auto& weight = tensors_.at(key + ".conv.weight");
        const auto z = at::conv2d(x, weight.to(type_), {}, stride, weight.size(2) / 2);
        const auto bn = key + ".bn.";
        return at::silu(at::batch_norm(z, tensors_.at(bn + "weight"), tensors_.at(bn + "bias"),
                                       tensors_.at(bn + "running_mean"),
                                       tensors_.at(bn + "running_var"),
                                       /*training=*/std::stoi(key.substr(6)) >= frozen_, 0.03,
                                       1e-3, false));
    }
    at::Tensor c2f(int layer, const at::Tensor& x, bool shortcut) {
        const auto key = "model." + std::to_string(layer);
        auto parts = conv(key + ".cv1", x).chunk(2, 1);
        for (int k = 0; tensors_.contains(key + ".m." + std::to_string(k) + ".cv1.conv.weight");
             ++k) {
            const auto m = key + ".m." + std::to_string(k);
            const auto y = conv(m + ".cv2", conv(m + ".cv1", parts.back()));
            parts.push_back(shortcut ? y + parts.back() : y);
        }
        return conv(key + ".cv2", at::cat(parts, 1));
    }
    at::Tensor sppf(const at::Tensor& x) {
        std::vector<at::Tensor> parts = {conv("model.9.cv1", x)};
        for (int i = 0; i < 3; ++i) parts.push_back(at::max_pool2d(parts.back(), 5, 1, 2));
        return conv("model.9.cv2", at::cat(parts, 1));
    }
    static at::Tensor twice(const at::Tensor& x) {
        return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
    }
    at::Tensor head(int level, const at::Tensor& x) {
        auto branch = [&](const std::string& name) {
            const auto key = "model.22." + name + "." + std::to_string(level) + ".";
            return at::conv2d(conv(key + "1", conv(key + "0", x)),
                              tensors_.at(key + "2.weight").to(type_),
                              tensors_.at(key + "2.bias").to(type_));
        };
        const auto all = at::cat({branch("cv2"), branch("cv3")}, 1);
        return type_ == at::kDouble ? all : all.to(at::kFloat);
    }

    int frozen_;
    at::ScalarType type_;
    std::map<std::string, at::Tensor> tensors_;
};

}  // namespace yolotrain::test
