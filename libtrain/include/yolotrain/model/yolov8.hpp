// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yolotrain {

namespace detail {
class Network;
}

/// The five sizes of the family: n, s, m, l, x.
enum class Scale { n, s, m, l, x };

/// "yolov8n", "n" … Throws yolodata::Error(invalid_argument) with a "did you mean".
Scale parse_scale(std::string_view name);
std::string_view to_string(Scale);  ///< "n" …

/// A tensor with its state_dict key ("model.0.conv.weight"). The tensor shares storage with the
/// model.
struct NamedTensor {
    std::string name;
    at::Tensor tensor;
};

/// The raw maps of the three levels (strides 8, 16, 32): each [B, 64+nc, H/stride, W/stride], box
/// logits (4 sides l,t,r,b × 16 bins) before class logits.
using RawMaps = std::array<at::Tensor, 3>;

/// YOLOv8 detection network. Const members may be called from several threads at once, others not; two
/// instances are independent.
class YoloV8 {
 public:
    /// Random weights (the framework's default initialisation) from `seed` alone, BN eps 1e-3,
    /// momentum 0.03, head biases as Ultralytics 8.4.190. float32, CPU.
    YoloV8(Scale scale, std::int64_t nc, std::uint64_t seed = 0);
    /// The same network with unspecified convolution weights: for a reader that fills every tensor.
    static YoloV8 uninitialised(Scale scale, std::int64_t nc);
    ~YoloV8();
    YoloV8(YoloV8&&) noexcept;
    YoloV8& operator=(YoloV8&&) noexcept;

    Scale scale() const;
    std::int64_t nc() const;

    /// x: float [B, 3, H, W], RGB 0…1, H and W multiples of 32. While training (and unless a NoGradGuard
    /// stands) the maps carry a graph to parameters(), for one backward pass; x gets no gradient. In
    /// evaluation they carry none.
    RawMaps forward(const at::Tensor& x);
    /// The maps in evaluation, whatever the mode: by running statistics, without a graph.
    RawMaps infer(const at::Tensor& x) const;

    /// Training: batch statistics in BN, running ones updated. Evaluation: running statistics.
    void train(bool on);
    bool is_training() const;

    /// The type that convolutions compute in and in which features are kept: float32 (the start), bfloat16,
    /// on CUDA also float16. Parameters, batch statistics, maps and gradients of parameters stay float32.
    void compute_in(at::ScalarType type);
    at::ScalarType computes_in() const;

    /// Layers model.0 … model.(layers−1) keep their weights and running statistics while training:
    /// their parameters leave parameters() and lose requires_grad, their BN stays in evaluation. 0
    /// … 22.
    void freeze(int layers);

    /// All tensors of the state_dict in Ultralytics' order, parameters and BN buffers.
    const std::vector<NamedTensor>& state() const;
    /// The trainable ones (all parameters but the DFL weights), same order.
    const std::vector<NamedTensor>& parameters() const;

    /// Moves every tensor; state() and parameters() then name the moved ones. Do it before an
    /// optimizer takes the parameters.
    void to(at::Device device);

    /// An independent copy with tensors of its own, in evaluation, no gradients: the start of an
    /// EMA.
    YoloV8 clone() const;

 private:
    explicit YoloV8(std::shared_ptr<detail::Network> net);
    std::shared_ptr<detail::Network> net_;  ///< shared with the graphs of its forward passes
};

/// Bins of the distribution over a side's distance: 0 … 15 stride units.
constexpr std::int64_t distance_bins = 16;
constexpr std::int64_t box_channels = 4 * distance_bins;
constexpr std::array<int, 3> level_strides = {8, 16, 32};

/// Decoded predictions float [B, 4+nc, A] of raw maps, contiguous, without graph: cx, cy, w, h in
/// input pixels and class probabilities; anchors level by level, row by row.
at::Tensor decode(const RawMaps& maps);

}  // namespace yolotrain
