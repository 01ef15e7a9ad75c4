// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace yolotrain {

/// Which pictures make a validation batch, and the size of the network's input for it.
struct EvalBatch {
    std::vector<std::size_t> pictures;  ///< indices into the source
    int width = 0, height = 0;          ///< px, multiples of 32
};

/// Batches of a validation. Square: pictures in their order, imgsz × imgsz. Rectangular: pictures
/// sorted by height/width; a batch's shape is its common extent in units of imgsz, [h, 1] where all
/// are wider than high, [1, w] where all are higher than wide, else square; each side then
/// ceil(extent · imgsz / 32 + 0.5) · 32 px.
std::vector<EvalBatch> plan_batches(const std::vector<std::pair<int, int>>& width_height, int batch,
                                    int imgsz, bool rect);

}  // namespace yolotrain
