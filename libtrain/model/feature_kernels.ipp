// SPDX-License-Identifier: Apache-2.0
// The loops of feature_kernels.hpp, included once for each instruction set in a namespace of its own.
// W is the width of a tile where it is known at compile time, else 0: then `width` counts.

inline void store(float x, float& to) {
    to = x;
}
/// Rounds to the nearest, ties to even. Infinity stays; not a number stays one, made quiet.
inline void store(float x, Bf16& to) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
    to.bits = static_cast<std::uint16_t>(x == x ? rounded : (bits >> 16) | 0x40U);
}

inline float sigmoid(float u) {
    // 1/(1 + e^−u); e^x = 2^n · e^r with |r| ≤ ln2/2, e^r by its Taylor polynomial (relative error 5e-9).
    // Not a number stays one through the factor u of the callers.
    float x = -u;
    x = x < 87.0F ? x : 87.0F;
    x = x > -87.0F ? x : -87.0F;
    constexpr float rounder = 12582912.0F;  // 1.5·2^23: what is added to it is rounded to a whole number
    const float t = x * 1.44269504F + rounder;
    const float n = t - rounder;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;  // ln2 in two parts
    float p = 1.0F / 5040;
    p = p * r + 1.0F / 720;
    p = p * r + 1.0F / 120;
    p = p * r + 1.0F / 24;
    p = p * r + 1.0F / 6;
    p = p * r + 0.5F;
    p = p * r + 1.0F;
    p = p * r + 1.0F;
    const auto exponent = std::bit_cast<std::int32_t>(t) - std::bit_cast<std::int32_t>(rounder) + 127;
    return 1.0F / (1.0F + p * std::bit_cast<float>(exponent << 23));
}

/// silu'(u) = s·(1 + u·(1 − s))
inline float silu_slope(float u) {
    const float s = sigmoid(u);
    return s * (1.0F + u * (1.0F - s));
}

/// Sums about a first estimate of the mean: what rounding took from that comes back through `rest`.
template <int W, typename T>
void block_moments(const T* __restrict z, std::int64_t step, std::int64_t groups, int width,
                   float* __restrict mean, float* __restrict rest, float* __restrict squares) {
    const int w = W ? W : width;
    for (int i = 0; i < w; ++i) mean[i] = rest[i] = squares[i] = 0;
    for (std::int64_t g = 0; g < groups; ++g) {
        for (int i = 0; i < w; ++i) mean[i] += to_float(z[g * step + i]);
    }
    for (int i = 0; i < w; ++i) mean[i] /= static_cast<float>(groups);
    for (std::int64_t g = 0; g < groups; ++g) {
        for (int i = 0; i < w; ++i) {
            const float d = to_float(z[g * step + i]) - mean[i];
            rest[i] += d;
            squares[i] += d * d;
        }
    }
}

template <typename T>
void moments(const Matrix<T>& z, std::int64_t first, std::int64_t last, double* mean,
             double* squares) {
    std::vector<double> count(static_cast<std::size_t>(z.columns), 0.0);
    std::fill(mean, mean + z.columns, 0.0);
    std::fill(squares, squares + z.columns, 0.0);
    for (const auto& tile : tiles_of(z.columns, z.stride == z.columns, first, last)) {
        for (std::int64_t g = 0; g < tile.groups; g += block_groups) {
            alignas(64) float estimate[max_width], rest[max_width], about[max_width];
            const auto groups = std::min(block_groups, tile.groups - g);
            const T* data = z.data + (tile.row + g * tile.fold) * z.stride + tile.column;
            (tile.width == max_width ? block_moments<max_width, T> : block_moments<0, T>)(
                data, tile.fold * z.stride, groups, tile.width, estimate, rest, about);
            const auto n = static_cast<double>(groups);
            for (int i = 0; i < tile.width; ++i) {
                const auto c = static_cast<std::size_t>(tile.column + i % tile.columns);
                const double block_mean = estimate[i] + rest[i] / n;
                const double block_squares = about[i] - rest[i] * (rest[i] / n);
                const double total = count[c] + n, delta = block_mean - mean[c];
                mean[c] += delta * n / total;
                squares[c] += block_squares + delta * delta * count[c] * n / total;
                count[c] = total;
            }
        }
    }
}

template <int W, bool add, typename T>
void activate_tile(const T* z, std::int64_t z_step, const float* __restrict scale,
                   const float* __restrict shift, const T* residual, std::int64_t r_step, T* y,
                   std::int64_t y_step, std::int64_t groups, int width) {
    const int w = W ? W : width;
    for (std::int64_t g = 0; g < groups; ++g) {
#pragma GCC ivdep
        for (int i = 0; i < w; ++i) {
            const float u = to_float(z[g * z_step + i]) * scale[i] + shift[i];
            const float v = u * sigmoid(u);
            store(add ? v + to_float(residual[g * r_step + i]) : v, y[g * y_step + i]);
        }
    }
}

template <typename T>
void activate(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& residual, const Matrix<T>& y,
              std::int64_t first, std::int64_t last) {
    const bool add = residual.data != nullptr;
    const bool dense = z.stride == z.columns && y.stride == y.columns &&
                       (!add || residual.stride == residual.columns);
    for (const auto& tile : tiles_of(z.columns, dense, first, last)) {
        alignas(64) float scale[max_width], shift[max_width];
        tile.spread(c.scale, scale);
        tile.spread(c.shift, shift);
        const auto run = add ? (tile.width == max_width ? activate_tile<max_width, true, T> : activate_tile<0, true, T>)
                              : (tile.width == max_width ? activate_tile<max_width, false, T> : activate_tile<0, false, T>);
        run(z.data + tile.row * z.stride + tile.column, tile.fold * z.stride, scale, shift,
            add ? residual.data + tile.row * residual.stride + tile.column : nullptr,
            tile.fold * residual.stride, y.data + tile.row * y.stride + tile.column,
            tile.fold * y.stride, tile.groups, tile.width);
    }
}

template <int W, typename T>
void block_gradient_sums(const T* __restrict z, std::int64_t z_step, const T* __restrict gy,
                         std::int64_t gy_step, const float* __restrict scale, const float* __restrict shift,
                         const float* __restrict mean, std::int64_t groups, int width,
                         float* __restrict sum, float* __restrict centred) {
    const int w = W ? W : width;
    for (int i = 0; i < w; ++i) sum[i] = centred[i] = 0;
    for (std::int64_t g = 0; g < groups; ++g) {
        for (int i = 0; i < w; ++i) {
            const float x = to_float(z[g * z_step + i]);
            const float d = to_float(gy[g * gy_step + i]) * silu_slope(x * scale[i] + shift[i]);
            sum[i] += d;
            centred[i] += d * (x - mean[i]);
        }
    }
}

template <typename T>
void gradient_sums(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& gy, std::int64_t first,
                   std::int64_t last, double* sum, double* sum_centred) {
    std::fill(sum, sum + z.columns, 0.0);
    std::fill(sum_centred, sum_centred + z.columns, 0.0);
    const bool dense = z.stride == z.columns && gy.stride == gy.columns;
    for (const auto& tile : tiles_of(z.columns, dense, first, last)) {
        alignas(64) float scale[max_width], shift[max_width], mean[max_width];
        tile.spread(c.scale, scale);
        tile.spread(c.shift, shift);
        tile.spread(c.mean, mean);
        for (std::int64_t g = 0; g < tile.groups; g += block_groups) {
            alignas(64) float block_sum[max_width], block_centred[max_width];
            const auto row = tile.row + g * tile.fold;
            (tile.width == max_width ? block_gradient_sums<max_width, T> : block_gradient_sums<0, T>)(
                z.data + row * z.stride + tile.column, tile.fold * z.stride,
                gy.data + row * gy.stride + tile.column, tile.fold * gy.stride, scale, shift, mean,
                std::min(block_groups, tile.groups - g), tile.width, block_sum, block_centred);
            for (int i = 0; i < tile.width; ++i) {
                sum[tile.column + i % tile.columns] += block_sum[i];
                sum_centred[tile.column + i % tile.columns] += block_centred[i];
            }
        }
    }
}

template <int W, typename T>
void gradient_tile(const T* z, std::int64_t z_step, const T* gy, std::int64_t gy_step,
                   const float* __restrict scale, const float* __restrict shift,
                   const float* __restrict mean, const float* __restrict offset,
                   const float* __restrict slope, T* gz, std::int64_t gz_step, std::int64_t groups,
                   int width) {
    const int w = W ? W : width;
    for (std::int64_t g = 0; g < groups; ++g) {
#pragma GCC ivdep
        for (int i = 0; i < w; ++i) {
            const float x = to_float(z[g * z_step + i]);
            const float d = to_float(gy[g * gy_step + i]) * silu_slope(x * scale[i] + shift[i]);
            store(scale[i] * d - offset[i] - slope[i] * (x - mean[i]), gz[g * gz_step + i]);
        }
    }
}

template <typename T>
void gradient(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& gy, const float* offset,
              const float* slope, const Matrix<T>& gz, std::int64_t first, std::int64_t last) {
    const bool dense =
        z.stride == z.columns && gy.stride == gy.columns && gz.stride == gz.columns;
    for (const auto& tile : tiles_of(z.columns, dense, first, last)) {
        alignas(64) float scale[max_width], shift[max_width], mean[max_width], o[max_width], s[max_width];
        tile.spread(c.scale, scale);
        tile.spread(c.shift, shift);
        tile.spread(c.mean, mean);
        tile.spread(offset, o);
        tile.spread(slope, s);
        (tile.width == max_width ? gradient_tile<max_width, T> : gradient_tile<0, T>)(
            z.data + tile.row * z.stride + tile.column, tile.fold * z.stride,
            gy.data + tile.row * gy.stride + tile.column, tile.fold * gy.stride, scale, shift, mean, o,
            s, gz.data + tile.row * gz.stride + tile.column, tile.fold * gz.stride, tile.groups,
            tile.width);
    }
}
