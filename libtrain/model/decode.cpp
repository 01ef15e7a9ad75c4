// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {

at::Tensor decode(const RawMaps& maps) {
    at::NoGradGuard no_grad;
    const auto batch = maps[0].size(0);
    const auto channels = maps[0].size(1);
    std::int64_t anchors = 0;
    for (const auto& map : maps) anchors += map.size(2) * map.size(3);
    const auto options =
        maps[0].options().dtype(at::kFloat).memory_format(at::MemoryFormat::Contiguous);
    auto out = at::empty({batch, channels - box_channels + 4, anchors}, options);
    const auto bins = at::arange(distance_bins, options).view({1, 1, distance_bins, 1});
    std::int64_t first = 0;
    for (std::size_t l = 0; l < maps.size(); ++l) {
        const auto height = maps[l].size(2), width = maps[l].size(3), count = height * width;
        const double stride = level_strides[l];
        const auto map = maps[l].to(at::kFloat).reshape({batch, channels, count});
        const auto part = out.narrow(2, first, count);
        // Expected distance of each side (left, top, right, bottom) in stride units.
        const auto logits =
            map.narrow(1, 0, box_channels).reshape({batch, 4, distance_bins, count});
        const auto distance = (logits.softmax(2) * bins).sum(2);
        const auto near = distance.narrow(1, 0, 2), far = distance.narrow(1, 2, 2);
        const auto y =
            (at::arange(height, options) + 0.5).view({height, 1}).expand({height, width});
        const auto x = (at::arange(width, options) + 0.5).expand({height, width});
        const auto centre = at::stack({x.reshape(count), y.reshape(count)});
        const auto low = centre - near, high = centre + far;
        part.narrow(1, 0, 2).copy_((low + high) / 2 * stride);
        part.narrow(1, 2, 2).copy_((high - low) * stride);
        part.narrow(1, 4, channels - box_channels)
            .copy_(map.narrow(1, box_channels, channels - box_channels).sigmoid());
        first += count;
    }
    return out;
}

}  // namespace yolotrain
