// SPDX-License-Identifier: Apache-2.0
#include "perceptual_hash.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace yolodata {

namespace {

constexpr int side = 32;  // of the thumbnail
constexpr int terms = 8;  // kept in each direction

using Cosines = std::array<std::array<float, side>, terms>;
using Spectrum = std::array<float, terms * terms>;

const Cosines& cosines() {
    static const Cosines table = [] {
        Cosines made{};
        for (int u = 0; u < terms; ++u)
            for (int x = 0; x < side; ++x)
                made[u][x] =
                    static_cast<float>(std::cos(std::numbers::pi * u * (2 * x + 1) / (2 * side)));
        return made;
    }();
    return table;
}

// DCT-II, not normalised: a common factor changes no comparison with the median.
Spectrum spectrum_of(std::span<const float> picture) {
    const Cosines& cosine = cosines();
    float rows[side][terms];
    for (int y = 0; y < side; ++y)
        for (int u = 0; u < terms; ++u) {
            float sum = 0;
            for (int x = 0; x < side; ++x) sum += picture[y * side + x] * cosine[u][x];
            rows[y][u] = sum;
        }
    Spectrum spectrum{};
    for (int v = 0; v < terms; ++v)
        for (int y = 0; y < side; ++y)
            for (int u = 0; u < terms; ++u) spectrum[v * terms + u] += rows[y][u] * cosine[v][y];
    return spectrum;
}

std::uint64_t bits_of(const Spectrum& spectrum) {
    std::array<float, terms * terms - 1> sorted;
    std::copy(spectrum.begin() + 1, spectrum.end(), sorted.begin());
    const auto middle = sorted.begin() + sorted.size() / 2;
    std::nth_element(sorted.begin(), middle, sorted.end());
    std::uint64_t bits = 0;
    for (std::size_t i = 1; i < spectrum.size(); ++i)
        if (spectrum[i] > *middle) bits |= std::uint64_t{1} << i;
    return bits;
}

// Mirroring left to right changes the sign of the odd horizontal terms, mirroring top to bottom
// that of the odd vertical ones, and the main diagonal swaps the two directions.
Spectrum turned(const Spectrum& spectrum, bool mirror_x, bool mirror_y, bool swap) {
    Spectrum out{};
    for (int v = 0; v < terms; ++v)
        for (int u = 0; u < terms; ++u) {
            const bool negative = (mirror_x && u % 2 == 1) != (mirror_y && v % 2 == 1);
            const float term = spectrum[v * terms + u];
            out[swap ? u * terms + v : v * terms + u] = negative ? -term : term;
        }
    return out;
}

}  // namespace

PerceptualHash perceptual_hash(std::span<const float> thumbnail) {
    const Spectrum spectrum = spectrum_of(thumbnail);
    PerceptualHash hash;
    for (unsigned i = 0; i < hash.turned.size(); ++i)
        hash.turned[i] = bits_of(turned(spectrum, (i & 1U) != 0, (i & 2U) != 0, (i & 4U) != 0));
    return hash;
}

}  // namespace yolodata
