// SPDX-License-Identifier: Apache-2.0
#pragma once

// Structures of a shard that end with a checksum of all that stands before it.

#include <array>
#include <cstddef>

#include "shard/format.hpp"
#include "shard/little_endian.hpp"

namespace yolodata::shard::format {

/// Writes the checksum of everything before `at` to `at`.
template <std::size_t N>
void seal(std::array<std::byte, N>& bytes, std::size_t at = N - 8) {
    store_le(bytes.data() + at, checksum(Bytes(bytes).first(at)));
}

inline bool sealed(Bytes bytes, std::size_t at) {
    return load_le<std::uint64_t>(bytes.data() + at) == checksum(bytes.first(at));
}

}  // namespace yolodata::shard::format
