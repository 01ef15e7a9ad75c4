// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

/// A network for inference only: each batch norm folded into the convolution before it, weights in
/// the memory format that is fastest here. An independent copy of the model's weights at the time
/// of construction, on their device. The same numbers as the model in evaluation, but for rounding.
/// forward() is const and makes no graph; calls from several threads at once are fine.
class FusedYoloV8 {
 public:
    explicit FusedYoloV8(const YoloV8& model);
    ~FusedYoloV8();
    FusedYoloV8(FusedYoloV8&&) noexcept;

    std::int64_t nc() const;
    at::Device device() const;

    /// x: float [B, 3, H, W], RGB 0…1, H and W multiples of 32, on the model's device.
    RawMaps forward(const at::Tensor& x) const;

 private:
    struct Net;
    std::unique_ptr<Net> net_;
};

}  // namespace yolotrain
