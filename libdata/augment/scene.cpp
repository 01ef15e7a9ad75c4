// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/scene.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#include "yolodata/augment/affine.hpp"

namespace yolodata {
namespace {

/// The upright box around some points.
PixelBox extent(std::int32_t cls, const std::vector<Vertex>& points) {
    PixelBox box{cls, points[0].x, points[0].y, points[0].x, points[0].y};
    for (const Vertex& p : points) {
        box.x1 = std::min(box.x1, p.x), box.x2 = std::max(box.x2, p.x);
        box.y1 = std::min(box.y1, p.y), box.y2 = std::max(box.y2, p.y);
    }
    return box;
}

PixelBox clipped(const PixelBox& box, int width, int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    return {box.cls, std::clamp(box.x1, 0.f, w), std::clamp(box.y1, 0.f, h),
            std::clamp(box.x2, 0.f, w), std::clamp(box.y2, 0.f, h)};
}

/// One edge of Sutherland and Hodgman's clipping: what lies on the side where `depth` is not
/// negative.
template <typename Depth>
std::vector<Vertex> cut(const std::vector<Vertex>& polygon, Depth depth) {
    std::vector<Vertex> kept;
    for (std::size_t i = 0; i < polygon.size(); ++i) {
        const Vertex &a = polygon[i], &b = polygon[(i + 1) % polygon.size()];
        const float da = depth(a), db = depth(b);
        if (da >= 0) kept.push_back(a);
        if ((da >= 0) != (db >= 0)) {
            const float t = da / (da - db);
            kept.push_back({a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)});
        }
    }
    return kept;
}

void hide_outside(std::vector<Keypoint>& points, int width, int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    for (Keypoint& p : points)
        if (p.visibility == 0 || p.x < 0 || p.y < 0 || p.x > w || p.y > h) p = {};
}

}  // namespace

std::vector<Vertex> clip_polygon(std::vector<Vertex> polygon, float width, float height) {
    polygon = cut(polygon, [](const Vertex& p) { return p.x; });
    polygon = cut(polygon, [&](const Vertex& p) { return width - p.x; });
    polygon = cut(polygon, [](const Vertex& p) { return p.y; });
    polygon = cut(polygon, [&](const Vertex& p) { return height - p.y; });
    if (polygon.size() < 3) polygon.clear();
    return polygon;
}

std::vector<Object> to_objects(const std::vector<Box>& boxes, const Geometry& geometry, int width,
                               int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    const std::vector<PixelBox> pixels = to_pixels(boxes, width, height);
    std::vector<Object> objects(boxes.size());
    std::size_t at = 0;
    for (std::size_t row = 0; row < objects.size(); ++row) {
        Object& object = objects[row];
        object.box = pixels[row];
        const std::uint32_t vertices =
            geometry.vertex_counts.empty() ? 0 : geometry.vertex_counts[row];
        for (std::uint32_t i = 0; i < vertices; ++i, at += 2)
            object.polygon.push_back({geometry.vertices[at] * w, geometry.vertices[at + 1] * h});
        const std::size_t dims = geometry.keypoint_dims;
        for (std::size_t i = 0; i < geometry.keypoints; ++i) {
            const float* value =
                geometry.keypoint_values.data() + (row * geometry.keypoints + i) * dims;
            const bool labelled = value[0] != 0 || value[1] != 0;
            object.keypoints.push_back({value[0] * w, value[1] * h,
                                        dims == 3  ? value[2]
                                        : labelled ? 2.f
                                                   : 0.f});
        }
    }
    return objects;
}

Rows to_rows(const std::vector<Object>& objects, Task task, KeypointShape shape, int width,
             int height) {
    const auto w = static_cast<float>(width), h = static_cast<float>(height);
    std::vector<PixelBox> boxes;
    for (const Object& object : objects) boxes.push_back(object.box);
    Rows rows;
    rows.boxes = to_normalised(boxes, width, height);
    Geometry& g = rows.geometry;
    if (task == Task::segment || task == Task::obb) {
        for (const Object& object : objects) {
            g.vertex_counts.push_back(static_cast<std::uint32_t>(object.polygon.size()));
            for (const Vertex& p : object.polygon)
                g.vertices.insert(g.vertices.end(), {p.x / w, p.y / h});
        }
        if (g.vertices.empty()) g.vertex_counts.clear();
    }
    if (task == Task::pose && !objects.empty()) {
        g.keypoints = shape.points, g.keypoint_dims = shape.dims;
        for (const Object& object : objects)
            for (const Keypoint& p : object.keypoints) {
                g.keypoint_values.insert(g.keypoint_values.end(), {p.x / w, p.y / h});
                if (shape.dims == 3) g.keypoint_values.push_back(p.visibility);
            }
    }
    return rows;
}

void move(Object& object, float dx, float dy) {
    PixelBox& b = object.box;
    b.x1 += dx, b.x2 += dx, b.y1 += dy, b.y2 += dy;
    for (Vertex& p : object.polygon) p.x += dx, p.y += dy;
    for (Keypoint& p : object.keypoints)
        if (p.visibility != 0) p.x += dx, p.y += dy;
}

bool clip(Object& object, Task task, int width, int height) {
    hide_outside(object.keypoints, width, height);
    if (task == Task::segment && !object.polygon.empty()) {
        object.polygon = clip_polygon(std::move(object.polygon), static_cast<float>(width),
                                      static_cast<float>(height));
        if (object.polygon.empty()) return false;
        object.box = extent(object.box.cls, object.polygon);
    }
    object.box = clipped(object.box, width, height);
    return (object.box.x2 - object.box.x1) * (object.box.y2 - object.box.y1) > 0;
}

bool warp(Object& object, Task task, const std::array<double, 9>& matrix, double scale, int width,
          int height) {
    const auto moved = [&](float x, float y) {
        const double w = matrix[6] * x + matrix[7] * y + matrix[8];
        return Vertex{static_cast<float>((matrix[0] * x + matrix[1] * y + matrix[2]) / w),
                      static_cast<float>((matrix[3] * x + matrix[4] * y + matrix[5]) / w)};
    };
    for (Keypoint& p : object.keypoints)
        if (p.visibility != 0) {
            const Vertex to = moved(p.x, p.y);
            p.x = to.x, p.y = to.y;
        }
    hide_outside(object.keypoints, width, height);
    if (object.polygon.empty()) {
        const std::vector<PixelBox> left = warp_boxes({object.box}, matrix, scale, width, height);
        if (left.empty()) return false;
        object.box = left[0];
        return true;
    }
    for (Vertex& p : object.polygon) p = moved(p.x, p.y);
    const PixelBox before = object.box;
    constexpr double least_share = 0.01;
    object.box = extent(before.cls, object.polygon);
    return clip(object, task, width, height) && box_stays(before, object.box, scale, least_share);
}

void flip_left_right(Object& object, int width, const std::vector<int>& swapped) {
    const auto edge = static_cast<float>(width);
    object.box = {object.box.cls, edge - object.box.x2, object.box.y1, edge - object.box.x1,
                  object.box.y2};
    for (Vertex& p : object.polygon) p.x = edge - p.x;
    for (Keypoint& p : object.keypoints)
        if (p.visibility != 0) p.x = edge - p.x;
    if (swapped.size() != object.keypoints.size()) return;
    const std::vector<Keypoint> old = object.keypoints;
    for (std::size_t i = 0; i < old.size(); ++i)
        object.keypoints[i] = old[static_cast<std::size_t>(swapped[i])];
}

void flip_up_down(Object& object, int height) {
    const auto edge = static_cast<float>(height);
    object.box = {object.box.cls, object.box.x1, edge - object.box.y2, object.box.x2,
                  edge - object.box.y1};
    for (Vertex& p : object.polygon) p.y = edge - p.y;
    for (Keypoint& p : object.keypoints)
        if (p.visibility != 0) p.y = edge - p.y;
}

}  // namespace yolodata
