// SPDX-License-Identifier: Apache-2.0
#include "folded_network.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <map>

#include "yolotrain/model/weights.hpp"

namespace yolotrain::detail {

namespace {

constexpr double batch_norm_eps = 1e-3;

using Value = Emitter::Value;

/// Walks the layers, folding each convolution when its turn comes.
class NetworkWalk {
 public:
    NetworkWalk(const YoloV8& model, const FoldedType& weights, Emitter& out)
        : weights_(weights), out_(out) {
        for (const NamedTensor& entry : model.state()) {
            state_.emplace(entry.name, entry.tensor.detach().cpu().to(at::kDouble));
        }
    }

    std::array<Value, 3> run(const Value& input) {
        const Value x = c2f("model.2", down("model.1", down("model.0", input)), true);
        const Value p3 = c2f("model.4", down("model.3", x), true);
        const Value p4 = c2f("model.6", down("model.5", p3), true);
        const Value p5 = sppf("model.9", c2f("model.8", down("model.7", p4), true));
        const Value n4 = c2f("model.12", out_.concat({out_.enlarge(p5), p4}), false);
        const Value o3 = c2f("model.15", out_.concat({out_.enlarge(n4), p3}), false);
        const Value o4 = c2f("model.18", out_.concat({down("model.16", o3), n4}), false);
        const Value o5 = c2f("model.21", out_.concat({down("model.19", o4), p5}), false);
        return {head(0, o3), head(1, o4), head(2, o5)};
    }

 private:
    /// y = gain·(conv(x) − mean) + bias, in double, so that the folded weights carry one rounding.
    FoldedConv folded(const std::string& name, std::int64_t stride) const {
        FoldedConv conv;
        conv.name = name;
        conv.stride = stride;
        const at::Tensor& weight = state_.at(name + ".conv.weight");
        const at::Tensor gain = state_.at(name + ".bn.weight") /
                                (state_.at(name + ".bn.running_var") + batch_norm_eps).sqrt();
        set_weights(conv, weight * gain.view({-1, 1, 1, 1}),
                    state_.at(name + ".bn.bias") - state_.at(name + ".bn.running_mean") * gain);
        conv.padding = weight.size(2) / 2;
        return conv;
    }

    /// By way of float32, as the network itself computes.
    void set_weights(FoldedConv& conv, const at::Tensor& weight, const at::Tensor& bias) const {
        const auto as_asked = [&](const at::Tensor& tensor) {
            return tensor.to(at::kFloat).to(weights_.type).contiguous();
        };
        conv.weight = as_asked(weight);
        conv.bias = as_asked(bias);
        require_finite({{conv.name + ".weight", conv.weight}, {conv.name + ".bias", conv.bias}},
                       weights_.path);
    }

    Value conv(const std::string& name, const Value& x) { return out_.conv(x, folded(name, 1)); }
    Value down(const std::string& name, const Value& x) { return out_.conv(x, folded(name, 2)); }

    /// A last convolution of the head: with a bias of its own, nothing behind it.
    Value plain(const std::string& name, const Value& x) {
        FoldedConv conv;
        conv.name = name;
        set_weights(conv, state_.at(name + ".weight"), state_.at(name + ".bias"));
        conv.silu = false;
        return out_.conv(x, conv);
    }

    Value c2f(const std::string& name, const Value& x, bool shortcut) {
        const Value both = conv(name + ".cv1", x);
        const std::int64_t half = state_.at(name + ".cv1.conv.weight").size(0) / 2;
        std::vector<Value> parts = {out_.half_of(both, 0, half), out_.half_of(both, 1, half)};
        for (int k = 0;; ++k) {
            const std::string m = fmt::format("{}.m.{}", name, k);
            if (!state_.contains(m + ".cv1.conv.weight")) break;
            const Value y = conv(m + ".cv2", conv(m + ".cv1", parts.back()));
            parts.push_back(shortcut ? out_.add(parts.back(), y) : y);
        }
        return conv(name + ".cv2", out_.concat(parts));
    }

    Value sppf(const std::string& name, const Value& x) {
        std::vector<Value> parts = {conv(name + ".cv1", x)};
        for (int i = 0; i < 3; ++i) parts.push_back(out_.pool(parts.back()));
        return conv(name + ".cv2", out_.concat(parts));
    }

    Value head(int level, const Value& x) {
        const auto branch = [&](const char* which) {
            const std::string name = fmt::format("model.22.{}.{}.", which, level);
            return plain(name + "2", conv(name + "1", conv(name + "0", x)));
        };
        const Value boxes = branch("cv2"), classes = branch("cv3");
        return out_.concat({boxes, classes});
    }

    std::map<std::string, at::Tensor> state_;
    const FoldedType& weights_;
    Emitter& out_;
};

}  // namespace

std::array<Value, 3> emit_network(const YoloV8& model, const Value& input,
                                  const FoldedType& weights, Emitter& out) {
    at::NoGradGuard no_grad;
    return NetworkWalk(model, weights, out).run(input);
}

}  // namespace yolotrain::detail
