// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/geometry.hpp"

namespace yolodata {

struct Vertex {
    float x = 0, y = 0;  ///< px
};
struct Keypoint {
    float x = 0, y = 0;    ///< px; 0, 0 where it is not visible
    float visibility = 0;  ///< 0 not labelled, 1 hidden, 2 visible
};

/// One label row with everything that it may hold.
struct Object {
    PixelBox box;
    std::vector<Vertex> polygon;      ///< segment: any number; obb: the four corners, in order
    std::vector<Keypoint> keypoints;  ///< pose
};

/// A picture with its objects: what the packer's augmentations pass on.
struct Scene {
    Picture image;
    std::vector<Object> objects;
};

/// Objects from the rows of a picture of width × height px.
std::vector<Object> to_objects(const std::vector<Box>& boxes, const Geometry& geometry, int width,
                               int height);

/// The rows of objects, normalised to width × height px; geometry as the task has it.
struct Rows {
    std::vector<Box> boxes;
    Geometry geometry;
};
Rows to_rows(const std::vector<Object>& objects, Task task, KeypointShape shape, int width,
             int height);

/// Moved by (dx, dy) px.
void move(Object& object, float dx, float dy);
/// Cut off at a picture of width × height px: boxes and polygons are clipped, key points outside
/// become invisible; the corners of a rotated box (obb) stay, its box is clipped. false: nothing is
/// left.
bool clip(Object& object, Task task, int width, int height);
/// As warp() does it with boxes; a polygon's box is the extent of what is left of it, and stays
/// with a hundredth of its area. false: too little is left.
bool warp(Object& object, Task task, const std::array<double, 9>& matrix, double scale, int width,
          int height);
/// Mirrored with the picture. swapped[i]: the key point that i becomes (left and right change
/// places), as Ultralytics' flip_idx; empty: each stays what it is.
void flip_left_right(Object& object, int width, const std::vector<int>& swapped);
void flip_up_down(Object& object, int height);

/// The part of a polygon inside 0 … width × 0 … height (Sutherland and Hodgman 1974, "Reentrant
/// polygon clipping"); under three vertices: nothing. Parts of a concave polygon stay joined along
/// the edge.
std::vector<Vertex> clip_polygon(std::vector<Vertex> polygon, float width, float height);

}  // namespace yolodata
