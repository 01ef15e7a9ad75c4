// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/model/fuse.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <map>
#include <string>
#include <vector>

#include "yolodata/core/error.hpp"

namespace yolotrain {

namespace {

constexpr double kBatchNormEps = 1e-3;

/// A convolution with everything that follows it linearly folded in.
struct FusedConv {
    at::Tensor weight, bias;
    std::int64_t stride = 1, padding = 0;
};

/// Layers that halve the picture.
bool halves(const std::string& prefix) {
    for (const char* layer :
         {"model.0", "model.1", "model.3", "model.5", "model.7", "model.16", "model.19"}) {
        if (prefix == layer) return true;
    }
    return false;
}

at::Tensor twice_as_large(const at::Tensor& x) {
    return at::upsample_nearest2d(x, {x.size(2) * 2, x.size(3) * 2});
}

}  // namespace

struct FusedYoloV8::Net {
    std::map<std::string, FusedConv> convs;  ///< by prefix: "model.0", "model.22.cv2.0.2"
    std::int64_t nc = 0;
    /// For a single small picture LibTorch 1.13 leaves oneDNN for a matrix product of the BLAS at
    /// hand, which with the reference BLAS is six times slower (seen: 300 against 50 ms a picture).
    /// So ask for it.
    bool onednn = false;

    void fold(const std::map<std::string, at::Tensor>& state);

    /// Convolution alone; then with SiLU.
    at::Tensor linear(const std::string& prefix, const at::Tensor& x) const {
        const FusedConv& c = convs.at(prefix);
        if (onednn) {
            return at::mkldnn_convolution(x, c.weight, c.bias, {c.padding, c.padding},
                                          {c.stride, c.stride}, {1, 1}, 1);
        }
        return at::conv2d(x, c.weight, c.bias, c.stride, c.padding);
    }
    at::Tensor conv(const std::string& prefix, const at::Tensor& x) const {
        at::Tensor y = linear(prefix, x);
        return at::silu_(y);
    }
    at::Tensor c2f(const std::string& prefix, const at::Tensor& x, bool shortcut) const;
    at::Tensor sppf(const std::string& prefix, const at::Tensor& x) const;
    at::Tensor head(int level, const at::Tensor& x) const;
    RawMaps forward(const at::Tensor& input) const;
};

void FusedYoloV8::Net::fold(const std::map<std::string, at::Tensor>& state) {
    const std::string suffix = "weight";
    for (const auto& [name, tensor] : state) {
        if (!name.ends_with(suffix) || tensor.dim() != 4 || name.ends_with("dfl.conv.weight"))
            continue;
        FusedConv c;
        c.padding = tensor.size(2) / 2;
        std::string prefix = name.substr(0, name.size() - suffix.size() - 1);
        if (prefix.ends_with(".conv")) {
            prefix.resize(prefix.size() - 5);
            // In double: the folded weights then carry one rounding, not four.
            const at::Tensor gain =
                state.at(prefix + ".bn.weight").to(at::kDouble) /
                (state.at(prefix + ".bn.running_var").to(at::kDouble) + kBatchNormEps).sqrt();
            const at::Tensor mean = state.at(prefix + ".bn.running_mean").to(at::kDouble);
            c.weight = (tensor.to(at::kDouble) * gain.view({-1, 1, 1, 1})).to(at::kFloat);
            c.bias = (state.at(prefix + ".bn.bias").to(at::kDouble) - mean * gain).to(at::kFloat);
            c.stride = halves(prefix) ? 2 : 1;
        } else {
            c.weight = tensor.to(at::kFloat).clone();
            c.bias = state.at(prefix + ".bias").to(at::kFloat).clone();
        }
        c.weight = c.weight.contiguous(at::MemoryFormat::ChannelsLast);
        convs.emplace(prefix, std::move(c));
    }
}

at::Tensor FusedYoloV8::Net::c2f(const std::string& prefix, const at::Tensor& x,
                                 bool shortcut) const {
    std::vector<at::Tensor> parts = conv(prefix + ".cv1", x).chunk(2, 1);
    for (int k = 0;; ++k) {
        const std::string m = fmt::format("{}.m.{}", prefix, k);
        if (!convs.contains(m + ".cv1")) break;
        const at::Tensor y = conv(m + ".cv2", conv(m + ".cv1", parts.back()));
        parts.push_back(shortcut ? y + parts.back() : y);
    }
    return conv(prefix + ".cv2", at::cat(parts, 1));
}

at::Tensor FusedYoloV8::Net::sppf(const std::string& prefix, const at::Tensor& x) const {
    std::vector<at::Tensor> parts{conv(prefix + ".cv1", x)};
    for (int i = 0; i < 3; ++i) parts.push_back(at::max_pool2d(parts.back(), 5, 1, 2));
    return conv(prefix + ".cv2", at::cat(parts, 1));
}

at::Tensor FusedYoloV8::Net::head(int level, const at::Tensor& x) const {
    const auto branch = [&](const char* name) {
        const std::string prefix = fmt::format("model.22.{}.{}.", name, level);
        return linear(prefix + "2", conv(prefix + "1", conv(prefix + "0", x)));
    };
    return at::cat({branch("cv2"), branch("cv3")}, 1);
}

RawMaps FusedYoloV8::Net::forward(const at::Tensor& input) const {
    const at::Tensor x = c2f("model.2", conv("model.1", conv("model.0", input)), true);
    const at::Tensor p3 = c2f("model.4", conv("model.3", x), true);
    const at::Tensor p4 = c2f("model.6", conv("model.5", p3), true);
    const at::Tensor p5 = sppf("model.9", c2f("model.8", conv("model.7", p4), true));
    const at::Tensor n4 = c2f("model.12", at::cat({twice_as_large(p5), p4}, 1), false);
    const at::Tensor o3 = c2f("model.15", at::cat({twice_as_large(n4), p3}, 1), false);
    const at::Tensor o4 = c2f("model.18", at::cat({conv("model.16", o3), n4}, 1), false);
    const at::Tensor o5 = c2f("model.21", at::cat({conv("model.19", o4), p5}, 1), false);
    return {head(0, o3), head(1, o4), head(2, o5)};
}

FusedYoloV8::FusedYoloV8(const YoloV8& model) : net_(std::make_unique<Net>()) {
    at::NoGradGuard no_grad;
    std::map<std::string, at::Tensor> state;
    for (const NamedTensor& t : model.state()) state.emplace(t.name, t.tensor.detach());
    net_->nc = model.nc();
    net_->fold(state);
    net_->onednn = device().is_cpu() && at::hasMKLDNN() && at::globalContext().userEnabledMkldnn();
}

FusedYoloV8::~FusedYoloV8() = default;
FusedYoloV8::FusedYoloV8(FusedYoloV8&&) noexcept = default;

std::int64_t FusedYoloV8::nc() const {
    return net_->nc;
}
at::Device FusedYoloV8::device() const {
    return net_->convs.at("model.0").weight.device();
}

RawMaps FusedYoloV8::forward(const at::Tensor& x) const {
    if (x.dim() != 4 || x.size(1) != 3 || x.size(2) % 32 != 0 || x.size(3) % 32 != 0 ||
        x.numel() == 0) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "the network takes [B, 3, H, W] with H and W multiples of 32");
    }
    at::NoGradGuard no_grad;
    return net_->forward(x.contiguous(at::MemoryFormat::ChannelsLast));
}

}  // namespace yolotrain
