// SPDX-License-Identifier: Apache-2.0
#include "perceptual_hash.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace yolodata {

namespace {

constexpr int side = 32;  // of the thumbnail
constexpr int terms = 8;  // kept in each direction

using Spectrum = std::array<float, terms * terms>;
using Cosines = std::array<std::array<float, terms>, side>;  ///< [place][frequency]

const Cosines& cosines() {
    static const Cosines table = [] {
        Cosines made{};
        for (int x = 0; x < side; ++x)
            for (int u = 0; u < terms; ++u)
                made[x][u] =
                    static_cast<float>(std::cos(std::numbers::pi * u * (2 * x + 1) / (2 * side)));
        return made;
    }();
    return table;
}

// DCT-II, not normalised: a common factor changes no comparison with the median. The inner loops
// run over frequencies, so that they are vectorised.
Spectrum spectrum_of(std::span<const float> picture) {
    const Cosines& cosine = cosines();
    Spectrum spectrum{};
    for (int y = 0; y < side; ++y) {
        std::array<float, terms> row{};
        for (int x = 0; x < side; ++x)
            for (int u = 0; u < terms; ++u) row[u] += picture[y * side + x] * cosine[x][u];
        for (int v = 0; v < terms; ++v)
            for (int u = 0; u < terms; ++u) spectrum[v * terms + u] += row[u] * cosine[y][v];
    }
    return spectrum;
}

std::uint64_t bits_of(const Spectrum& spectrum) {
    std::array<float, terms * terms - 1> sorted;
    std::copy(spectrum.begin() + 1, spectrum.end(), sorted.begin());
    const auto middle = sorted.begin() + sorted.size() / 2;
    std::nth_element(sorted.begin(), middle, sorted.end());
    std::uint64_t bits = 0;
    for (std::size_t i = 1; i < spectrum.size(); ++i)
        bits |= std::uint64_t{spectrum[i] > *middle} << i;
    return bits;
}

// Mirroring left to right changes the sign of the odd horizontal terms, mirroring top to bottom
// that of the odd vertical ones.
Spectrum mirrored(const Spectrum& spectrum, bool x, bool y) {
    Spectrum out;
    for (int v = 0; v < terms; ++v)
        for (int u = 0; u < terms; ++u) {
            const bool negative = (x && u % 2 == 1) != (y && v % 2 == 1);
            out[v * terms + u] = negative ? -spectrum[v * terms + u] : spectrum[v * terms + u];
        }
    return out;
}

// The main diagonal swaps the two directions: the bits as an 8 × 8 matrix, transposed by blocks of
// 1, 2 and 4 (Hacker's Delight, 7-3).
std::uint64_t swapped(std::uint64_t bits) {
    std::uint64_t t = (bits ^ bits >> 7) & 0x00AA00AA00AA00AAu;
    bits ^= t ^ t << 7;
    t = (bits ^ bits >> 14) & 0x0000CCCC0000CCCCu;
    bits ^= t ^ t << 14;
    t = (bits ^ bits >> 28) & 0x00000000F0F0F0F0u;
    return bits ^ t ^ t << 28;
}

}  // namespace

PerceptualHash perceptual_hash(std::span<const float> thumbnail) {
    const Spectrum spectrum = spectrum_of(thumbnail);
    PerceptualHash hash;
    for (unsigned i = 0; i < 4; ++i) {
        hash.turned[i] = bits_of(mirrored(spectrum, (i & 1U) != 0, (i & 2U) != 0));
        hash.turned[i + 4] = swapped(hash.turned[i]);
    }
    return hash;
}

}  // namespace yolodata
