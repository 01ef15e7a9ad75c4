// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace yolodata::shard {

/// Stores an unsigned integer with its low byte first, whatever the machine's own order.
template <typename T>
void store_le(std::byte* to, T value) {
    static_assert(std::is_unsigned_v<T>);
    for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}
inline void store_le(std::byte* to, float value) { store_le(to, std::bit_cast<std::uint32_t>(value)); }

template <typename T>
T load_le(const std::byte* from) {
    static_assert(std::is_unsigned_v<T>);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = static_cast<T>(value | static_cast<T>(static_cast<T>(from[i]) << (8 * i)));
    return value;
}
inline float load_float_le(const std::byte* from) { return std::bit_cast<float>(load_le<std::uint32_t>(from)); }

}  // namespace yolodata::shard
