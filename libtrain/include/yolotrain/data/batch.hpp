// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace yolotrain {

/// One batch, as loaders make it and loss and evaluation read it.
struct Batch {
    at::Tensor images;   ///< u8 [B, 3, H, W], RGB; the step divides by 255
    /// float [M, 6]: image index in the batch, class, x, y, w, h (normalised to W and H), ascending by
    /// image index.
    at::Tensor targets;
    std::vector<std::uint64_t> records;  ///< B record numbers in the shard set (or image numbers)
};

}  // namespace yolotrain
