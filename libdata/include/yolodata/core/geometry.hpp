// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace yolodata {

/// What the label rows of one picture hold beside their boxes, row for row: polygons (segment; the
/// four corners of obb) and key points (pose). Coordinates are normalised to the picture as those
/// of Box are.
struct Geometry {
    /// Vertices of each row's polygon, one count a row (0: this row is a plain box); empty: no row
    /// has a polygon.
    std::vector<std::uint32_t> vertex_counts;
    std::vector<float> vertices;  ///< x y of every vertex, row after row

    std::uint32_t keypoints = 0;         ///< points a row; 0: none
    std::uint32_t keypoint_dims = 0;     ///< 2: x y; 3: x y visibility (0, 1 or 2)
    std::vector<float> keypoint_values;  ///< rows · keypoints · keypoint_dims numbers

    bool empty() const noexcept { return vertex_counts.empty() && keypoint_values.empty(); }
    void clear() noexcept {
        vertex_counts.clear();
        vertices.clear();
        keypoints = keypoint_dims = 0;
        keypoint_values.clear();
    }
    bool operator==(const Geometry&) const = default;
};

}  // namespace yolodata
