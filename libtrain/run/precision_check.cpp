// SPDX-License-Identifier: Apache-2.0
#include "precision_check.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "train_step.hpp"

namespace yolotrain {

namespace {

/// Enough for batch statistics, few enough that a start does not wait for them.
constexpr std::int64_t kPictures = 2;
/// Seen in bfloat16 on bccd: random weights, whose batch norms make much of little, maps 2 to 3 % apart and
/// cosines of 0.72 to 0.83; trained ones 0.5 % and 0.997. A broken kernel or an overflow is far outside.
constexpr double kMapTolerance = 0.1, kCosine = 0.5;

/// Raw maps and gradients, each as one vector.
struct Passes {
    at::Tensor maps, gradients;
};

at::Tensor joined(const std::vector<at::Tensor>& tensors) {
    std::vector<at::Tensor> flat;
    for (const at::Tensor& tensor : tensors) {
        if (tensor.defined()) flat.push_back(tensor.detach().flatten());
    }
    return at::cat(flat);
}

Passes passes_in(YoloV8& model, Precision precision, const at::Tensor& x) {
    const StatisticsGuard statistics(model);
    model.compute_in(scalar_type(precision));
    const RawMaps maps = model.forward(x);
    at::Tensor sum = at::zeros({}, x.options());  // every element with a weight of its own
    const double factor = LossScale::of(precision).factor;  // in float16 the gradients would vanish without it
    for (const at::Tensor& map : maps) {
        const at::Tensor wave = (at::arange(map.numel(), x.options()) * 0.37).sin_().view(map.sizes());
        sum = sum + (map * wave).mean() * factor;
    }
    std::vector<at::Tensor> parameters;
    for (const auto& [name, tensor] : model.parameters()) parameters.push_back(tensor);
    return {joined({maps.begin(), maps.end()}),
            joined(torch::autograd::grad({sum}, parameters, {}, false, false, true))};
}

double number(const at::Tensor& scalar) { return scalar.item<double>(); }

}  // namespace

at::ScalarType scalar_type(Precision precision) {
    switch (precision) {
        case Precision::bfloat16:
            return at::kBFloat16;
        case Precision::float16:
            return at::kHalf;
        case Precision::float32:
            break;
    }
    return at::kFloat;
}

std::string check_precision(YoloV8& model, Precision precision, const at::Tensor& images, at::Device device) {
    const at::Tensor few = images.narrow(0, 0, std::min(kPictures, images.size(0)));
    const at::Tensor x = few.to(device).to(at::kFloat).div_(255);
    const Passes exact = passes_in(model, Precision::float32, x);
    const Passes rounded = passes_in(model, precision, x);
    const double off = number((rounded.maps - exact.maps).norm() / exact.maps.norm());
    if (!(off <= kMapTolerance)) return fmt::format("its maps are {:.3g} away from those in float32", off);
    const at::Tensor &a = exact.gradients, &b = rounded.gradients;
    const double cosine = number(a.dot(b) / (a.norm() * b.norm()));
    if (!(cosine >= kCosine)) return fmt::format("its gradient's cosine to that in float32 is {:.3f}", cosine);
    return {};
}

}  // namespace yolotrain
