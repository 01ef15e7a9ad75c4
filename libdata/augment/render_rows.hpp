// SPDX-License-Identifier: Apache-2.0
#pragma once

// The inner loops of render(), compiled for several instruction sets and chosen when they run.

#include <array>
#include <cstddef>
#include <cstdint>

namespace yolodata {

/// Where a run of output pixels lies on the canvas: start + delta[i], in 1/1024 px.
struct Track {
    const std::int32_t *delta_x, *delta_y;
    std::int32_t start_x, start_y;
};

/// Interpolates n pixels anywhere: `origin` is where the canvas pixel (0, 0) would lie in the
/// picture, rows `stride` bytes apart. The four taps, and the 2 bytes behind each pair, must lie
/// inside the picture. Writes 3 · n bytes to `out` and may touch 16 bytes behind them.
void interpolate_run(const std::uint8_t* origin, std::ptrdiff_t stride, const Track& track, int n,
                     std::uint8_t* out);

/// Where no axis is turned, a run lies between two rows of the picture. First down: the rows mixed,
/// 32 − fy to fy, `bytes` of them; `line` may be written 64 numbers further.
void interpolate_down(const std::uint8_t* upper, const std::uint8_t* lower, int fy, int bytes,
                      std::int16_t* line);

/// Then across. offset: the left tap, in numbers of `line` and counted from `first`; weights: four
/// times (32 − f) | f << 16 a pixel. Writes 3 · n bytes and may touch 16 bytes behind them.
void interpolate_across(const std::int16_t* line, std::int32_t first, const std::int32_t* offset,
                        const std::int32_t* weights, int n, std::uint8_t* out);

/// Colour gains of one picture: see apply_hsv.
struct ColourTables {
    std::array<float, 256> hue{};     ///< new hue of an 8-bit hue, 0…179
    float saturation = 1, value = 1;  ///< factors
    /// true: hue[h] is floor(h · hue_factor + hue_bias), less 180 from there on. Saves the look-up.
    bool hue_is_linear = false;
    float hue_factor = 1, hue_bias = 0;
};

/// Changes the colours of n pixels, interleaved to three planes. Planes may be written up to the
/// next multiple of 64 behind n; `rgb` may be read 192 bytes behind its end.
void colour_row(const std::uint8_t* rgb, int n, const ColourTables* tables, std::uint8_t* red,
                std::uint8_t* green, std::uint8_t* blue);

/// Three planes of n pixels to interleaved; writes exactly 3 · n bytes.
void interleave_row(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
                    int n, std::uint8_t* rgb);

}  // namespace yolodata
