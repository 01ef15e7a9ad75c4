// SPDX-License-Identifier: Apache-2.0
#include "shard/label_geometry.hpp"

#include "shard/format.hpp"
#include "shard/little_endian.hpp"

namespace yolodata::shard::format {

namespace {

enum class ExtensionKind : std::uint32_t { polygons = 1, keypoints = 2 };  // stored: never renumber

std::uint64_t polygon_bytes(const Geometry& g) {
    return g.vertex_counts.empty() ? 0 : extension_header_bytes + 4 * (g.vertex_counts.size() + g.vertices.size());
}
std::uint64_t keypoint_bytes(const Geometry& g) {
    return g.keypoint_values.empty() ? 0 : extension_header_bytes + 8 + 4 * g.keypoint_values.size();
}

/// Header of an extension of `bytes` bytes in all; returns where its body begins.
std::byte* store_header(std::byte* at, ExtensionKind kind, std::uint64_t bytes) {
    store_le(at, static_cast<std::uint32_t>(kind));
    store_le(at + 4, static_cast<std::uint32_t>(bytes - extension_header_bytes));
    return at + extension_header_bytes;
}

bool load_polygons(Bytes body, std::uint32_t rows, Geometry& out) {
    if (body.size() / 4 < rows) return false;
    out.vertex_counts.resize(rows);
    std::uint64_t vertices = 0;
    for (std::uint32_t i = 0; i < rows; ++i) vertices += out.vertex_counts[i] = load_le<std::uint32_t>(body.data() + 4 * i);
    if (body.size() != 4 * std::uint64_t{rows} + 8 * vertices) return false;
    out.vertices.resize(2 * vertices);
    const std::byte* from = body.data() + 4 * std::uint64_t{rows};
    for (float& value : out.vertices) value = load_float_le(from), from += 4;
    return true;
}

bool load_keypoints(Bytes body, std::uint32_t rows, Geometry& out) {
    if (body.size() < 8) return false;
    out.keypoints = load_le<std::uint32_t>(body.data());
    out.keypoint_dims = load_le<std::uint32_t>(body.data() + 4);
    if (out.keypoint_dims != 2 && out.keypoint_dims != 3) return false;
    // A division, because a product of three lengths from a file may overflow.
    const std::uint64_t numbers = (body.size() - 8) / 4, a_row = std::uint64_t{out.keypoints} * out.keypoint_dims;
    if (body.size() % 4 != 0 || rows == 0 || a_row == 0 || numbers % rows != 0 || numbers / rows != a_row) return false;
    out.keypoint_values.resize(numbers);
    const std::byte* from = body.data() + 8;
    for (float& value : out.keypoint_values) value = load_float_le(from), from += 4;
    return true;
}

}  // namespace

std::uint64_t bytes_with_geometry(std::uint64_t plain, const Geometry& geometry) {
    for (const std::uint64_t bytes : {polygon_bytes(geometry), keypoint_bytes(geometry)})
        if (bytes != 0) plain = align_up(plain, extension_align) + bytes;
    return plain;
}

void store_geometry(std::span<std::byte> entry, std::uint64_t plain, const Geometry& geometry) {
    std::uint64_t at = plain;
    if (const std::uint64_t bytes = polygon_bytes(geometry)) {
        at = align_up(at, extension_align);
        std::byte* to = store_header(entry.data() + at, ExtensionKind::polygons, bytes);
        for (const std::uint32_t count : geometry.vertex_counts) store_le(to, count), to += 4;
        for (const float value : geometry.vertices) store_le(to, value), to += 4;
        at += bytes;
    }
    if (const std::uint64_t bytes = keypoint_bytes(geometry)) {
        at = align_up(at, extension_align);
        std::byte* to = store_header(entry.data() + at, ExtensionKind::keypoints, bytes);
        store_le(to, geometry.keypoints);
        store_le(to + 4, geometry.keypoint_dims);
        to += 8;
        for (const float value : geometry.keypoint_values) store_le(to, value), to += 4;
    }
}

std::optional<Geometry> load_geometry(std::span<const std::byte> entry, std::uint64_t plain, std::uint32_t rows) {
    Geometry geometry;
    for (std::uint64_t at = align_up(plain, extension_align); at < entry.size();) {
        if (entry.size() - at < extension_header_bytes) return std::nullopt;
        const auto kind = static_cast<ExtensionKind>(load_le<std::uint32_t>(entry.data() + at));
        const std::uint64_t bytes = load_le<std::uint32_t>(entry.data() + at + 4);
        at += extension_header_bytes;
        if (bytes > entry.size() - at) return std::nullopt;
        const Bytes body = entry.subspan(at, bytes);
        if (kind == ExtensionKind::polygons && !load_polygons(body, rows, geometry)) return std::nullopt;
        if (kind == ExtensionKind::keypoints && !load_keypoints(body, rows, geometry)) return std::nullopt;
        at = align_up(at + bytes, extension_align);
    }
    return geometry;
}

}  // namespace yolodata::shard::format
