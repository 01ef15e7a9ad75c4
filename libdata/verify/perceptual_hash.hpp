// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>

namespace yolodata {

/// The 64-bit DCT hash of a 32 × 32 gray thumbnail: bit 8·v + u says whether the term of frequency
/// (u, v), u and v from 0 to 7, lies over the median of the 63 terms without the DC term; the DC
/// term's bit is 0. `turned[0]` is the picture's own; the others are those of its mirror images and
/// quarter turns, whose terms are the same with other signs and places.
struct PerceptualHash {
    std::array<std::uint64_t, 8> turned{};
};
PerceptualHash perceptual_hash(std::span<const float> thumbnail);

inline int distance(std::uint64_t a, std::uint64_t b) {
    return std::popcount(a ^ b);
}

}  // namespace yolodata
