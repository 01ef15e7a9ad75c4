// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "yolodata/augment/scene.hpp"
#include "yolodata/core/random.hpp"

namespace yolodata {

/// Mirrors the picture and pastes `share` of its polygons back from there, where they cover under
/// 30 % of any object's box. The objects pasted are added.
void copy_paste(Scene& scene, double share, Random& random);

/// Puts a rectangle of `other` (same size) over `scene` where no object lies, with the objects of
/// which at least a tenth (of polygons: a hundredth) lies in it, cut off at its edges. Its share of
/// the area is 1 − Beta(32, 32). Without a free place among three, or without an object in it,
/// nothing changes.
void cutmix(Scene& scene, const Scene& other, Task task, Random& random);

/// What cutmix() does, from the objects alone.
struct Cut {
    int x = 0, y = 0, width = 0, height = 0;  ///< the rectangle, px
    std::vector<Object> parts;                ///< of the other picture's objects: never none
};
/// Boxes alone as objects.
std::vector<Object> as_objects(const std::vector<PixelBox>& boxes);
std::optional<Cut> draw_cut(const std::vector<Object>& objects, const std::vector<Object>& others,
                            Task task, int width, int height, Random& random);

/// Mean filter of 3, 5 or 7 px; three equal channels; contrast-limited equalisation of the
/// luminance.
void blur(Picture& picture, Random& random);
void gray(Picture& picture);
void equalise(Picture& picture);

}  // namespace yolodata
