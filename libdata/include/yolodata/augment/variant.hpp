// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "yolodata/augment/online.hpp"
#include "yolodata/augment/scene.hpp"

namespace yolodata {

/// Augmentation of packed variants: what training does, and more. Probabilities 0…1.
struct VariantOptions : AugmentOptions {
    double mosaic9 = 0;     ///< share of the mosaics that are made of nine pictures, not four
    double copy_paste = 0;  ///< share of the polygons that are pasted again, mirrored
    double blur = 0, gray = 0, clahe = 0;  ///< mean of 3 × 3 to 7 × 7 px; no colour; local contrast
    /// Pose: which key point each becomes in the mirror. Empty: such sets are never mirrored.
    std::vector<int> flip_idx;
};

/// Picture `number` of a split, long side resized to imgsz. Called from worker threads.
using SceneSource = std::function<Scene(std::uint64_t number)>;

/// Makes the variant at `position`, imgsz × imgsz: mosaic (or letterbox), copy-paste, affine, mixup
/// or cutmix, filters, HSV, flips. context.epoch is the variant's number; the rest as
/// make_training_sample(): a pure function of its arguments, partners from the `window` positions
/// before. With default options the draws are those of training at that epoch.
Scene make_variant(const OnlineContext& context, std::uint64_t position,
                   const VariantOptions& options, Task task, const SceneSource& source);

}  // namespace yolodata
