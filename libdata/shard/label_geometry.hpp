// SPDX-License-Identifier: Apache-2.0
#pragma once

// The extensions at the end of a label entry (format 1.1): polygons and key points.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "yolodata/core/geometry.hpp"

namespace yolodata::shard::format {

inline constexpr std::size_t extension_align = 8;  ///< counted from the start of the label entry
inline constexpr std::size_t extension_header_bytes = 8;

/// Length of an entry of `plain` bytes (header, rows, source) once the geometry follows it.
std::uint64_t bytes_with_geometry(std::uint64_t plain, const Geometry& geometry);

/// Writes the geometry into a zeroed entry of bytes_with_geometry(plain, geometry) bytes.
void store_geometry(std::span<std::byte> entry, std::uint64_t plain, const Geometry& geometry);

/// The geometry of an entry whose first `plain` bytes are known; extensions of unknown kinds are
/// passed over. nullopt if a length or a count does not fit.
std::optional<Geometry> load_geometry(std::span<const std::byte> entry, std::uint64_t plain,
                                      std::uint32_t rows);

}  // namespace yolodata::shard::format
