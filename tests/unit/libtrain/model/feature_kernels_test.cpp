// SPDX-License-Identifier: Apache-2.0
// Each instruction set's loops against the same sums in double.
#include "feature_kernels.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace yolotrain::detail {
namespace {

float stored(float x, float) {
    return x;
}
/// Cut to what bfloat16 holds.
Bf16 stored(float x, Bf16) {
    return {static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16)};
}

/// A matrix with room beside its columns, random within (low, high).
template <typename T>
struct Random {
    Random(std::int64_t rows, std::int64_t columns, std::int64_t stride, unsigned seed, float low,
           float high)
        : values(static_cast<std::size_t>(rows * stride)),
          matrix{values.data(), rows, columns, stride} {
        std::mt19937 generator(seed);
        std::uniform_real_distribution<float> uniform(low, high);
        for (auto& v : values) v = stored(uniform(generator), T{});
    }
    double at(std::int64_t r, std::int64_t c) const {
        return to_float(matrix.data[r * matrix.stride + c]);
    }
    std::vector<T> values;
    Matrix<T> matrix;
};

/// How far a number that is stored as T may lie from `exact`, computed in float with this error.
template <typename T>
double allowance(double exact, double error) {
    constexpr double half_a_step = 1.0 / 256;  // bfloat16 has 8 bits of precision
    return error + (sizeof(T) == 2 ? std::abs(exact) * half_a_step * 1.001 : 0);
}

struct Shape {
    std::int64_t rows, columns, z_stride, y_stride;
};
// Folded rows with and without a rest, several tiles, widths that fit no vector, channels of wider
// tensors.
const Shape shapes[] = {{1000, 16, 16, 16}, {37, 16, 16, 16}, {501, 24, 24, 24}, {130, 64, 64, 64},
                        {300, 80, 80, 80},  {77, 97, 97, 97}, {200, 32, 32, 96}, {90, 16, 64, 48},
                        {1, 3, 3, 3},       {40, 1, 1, 1},    {3, 640, 640, 640}};

double silu(double u) {
    return u / (1 + std::exp(-u));
}
double silu_slope(double u) {
    const double s = 1 / (1 + std::exp(-u));
    return s * (1 + u * (1 - s));
}

class FeatureKernelLevel : public testing::TestWithParam<int> {};

template <typename T>
void expect_moments(const FeatureKernels<T>& kernels) {
    for (const auto& shape : shapes) {
        Random<T> z(shape.rows, shape.columns, shape.z_stride, 1, 99.0F, 101.0F);  // far from zero
        std::vector<double> mean(static_cast<std::size_t>(shape.columns)), squares(mean.size());
        const std::int64_t first = shape.rows / 3;
        kernels.moments(z.matrix, first, shape.rows, mean.data(), squares.data());
        for (std::int64_t c = 0; c < shape.columns; ++c) {
            double m = 0, s = 0;
            for (auto r = first; r < shape.rows; ++r) m += z.at(r, c);
            m /= static_cast<double>(shape.rows - first);
            for (auto r = first; r < shape.rows; ++r) s += std::pow(z.at(r, c) - m, 2);
            EXPECT_NEAR(mean[static_cast<std::size_t>(c)], m, 1e-5);
            EXPECT_NEAR(squares[static_cast<std::size_t>(c)], s, 1e-5 * s + 1e-6);
        }
    }
}

TEST_P(FeatureKernelLevel, MomentsAreThoseOfEachColumn) {
    expect_moments(feature_kernels<float>(GetParam()));
    expect_moments(feature_kernels<Bf16>(GetParam()));
}

template <typename T>
void expect_activation(const FeatureKernels<T>& kernels) {
    for (const auto& shape : shapes) {
        Random<T> z(shape.rows, shape.columns, shape.z_stride, 2, -30.0F, 30.0F);
        Random<T> y(shape.rows, shape.columns, shape.y_stride, 3, 7.0F, 8.0F);
        Random<T> residual(shape.rows, shape.columns, shape.y_stride, 4, -1.0F, 1.0F);
        Random<float> scale(1, shape.columns, shape.columns, 5, -4.0F, 4.0F),
            shift(1, shape.columns, shape.columns, 6, -1.0F, 1.0F);
        const auto untouched = y.values;
        for (const bool add : {false, true}) {
            kernels.activate(z.matrix, {scale.matrix.data, shift.matrix.data, nullptr},
                             add ? residual.matrix : Matrix<T>{}, y.matrix, 0, shape.rows);
            for (std::int64_t r = 0; r < shape.rows; ++r) {
                for (std::int64_t c = 0; c < shape.columns; ++c) {
                    const double u = z.at(r, c) * scale.at(0, c) + shift.at(0, c);
                    const double expected = silu(u) + (add ? residual.at(r, c) : 0);
                    EXPECT_NEAR(y.at(r, c), expected, allowance<T>(expected, 2e-6 * (1 + std::abs(u))))
                        << kernels.name;
                }
                for (auto c = shape.columns; c < shape.y_stride; ++c) {
                    EXPECT_EQ(y.at(r, c), to_float(untouched[static_cast<std::size_t>(
                                              r * shape.y_stride + c)]));
                }
            }
        }
    }
}

TEST_P(FeatureKernelLevel, ActivationIsSiluOfTheNormalised) {
    expect_activation(feature_kernels<float>(GetParam()));
    expect_activation(feature_kernels<Bf16>(GetParam()));
}

template <typename T>
void expect_gradients(const FeatureKernels<T>& kernels) {
    for (const auto& shape : shapes) {
        Random<T> z(shape.rows, shape.columns, shape.z_stride, 2, -6.0F, 6.0F);
        Random<T> gy(shape.rows, shape.columns, shape.y_stride, 3, -1.0F, 1.0F);
        Random<T> gz(shape.rows, shape.columns, shape.columns, 3, 0.0F, 1.0F);
        Random<float> c(5, shape.columns, shape.columns, 5, -1.5F, 1.5F);
        const float* row[5];
        for (int i = 0; i < 5; ++i) row[i] = c.matrix.data + i * shape.columns;
        const Coefficients coefficients = {row[0], row[1], row[2]};
        std::vector<double> sum(static_cast<std::size_t>(shape.columns)), centred(sum.size());
        kernels.gradient_sums(z.matrix, coefficients, gy.matrix, 0, shape.rows, sum.data(),
                              centred.data());
        kernels.gradient(z.matrix, coefficients, gy.matrix, row[3], row[4], gz.matrix, 0,
                         shape.rows);
        for (std::int64_t k = 0; k < shape.columns; ++k) {
            double s = 0, t = 0;
            for (std::int64_t r = 0; r < shape.rows; ++r) {
                const double x = z.at(r, k),
                             d = gy.at(r, k) * silu_slope(x * row[0][k] + row[1][k]);
                s += d;
                t += d * (x - row[2][k]);
                const double exact = row[0][k] * d - row[3][k] - row[4][k] * (x - row[2][k]);
                EXPECT_NEAR(gz.at(r, k), exact, allowance<T>(exact, 2e-5));
            }
            EXPECT_NEAR(sum[static_cast<std::size_t>(k)], s, 1e-4);
            EXPECT_NEAR(centred[static_cast<std::size_t>(k)], t, 5e-4);
        }
    }
}

TEST_P(FeatureKernelLevel, GradientsAreThoseOfTheFormulas) {
    expect_gradients(feature_kernels<float>(GetParam()));
    expect_gradients(feature_kernels<Bf16>(GetParam()));
}

template <typename T>
void expect_not_finite(const FeatureKernels<T>& kernels) {
    std::vector<T> z, out(8);
    for (const float x : {NAN, INFINITY, 0x1p100F, -0x1p100F, -200.0F, 200.0F, 0.0F, -0.0F})
        z.push_back(stored(x, T{}));
    const std::vector<float> one(8, 1.0F), zero(8, 0.0F);
    kernels.activate({z.data(), 1, 8, 8}, {one.data(), zero.data(), nullptr}, {},
                     {out.data(), 1, 8, 8}, 0, 1);
    std::vector<float> y;
    for (const T x : out) y.push_back(to_float(x));
    EXPECT_TRUE(std::isnan(y[0]));
    EXPECT_TRUE(std::isinf(y[1]));
    EXPECT_EQ(y[2], 0x1p100F);
    EXPECT_NEAR(y[3] / 0x1p100F, 0, 1e-30);
    EXPECT_NEAR(y[4], 0, 1e-30);
    EXPECT_EQ(y[5], 200);
    EXPECT_EQ(y[6], 0);
}

TEST_P(FeatureKernelLevel, WhatIsNotFiniteStaysSo) {
    expect_not_finite(feature_kernels<float>(GetParam()));
    expect_not_finite(feature_kernels<Bf16>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, FeatureKernelLevel, testing::Range(0, feature_kernel_levels()),
                         [](const auto& test) { return feature_kernels<float>(test.param).name; });

}  // namespace
}  // namespace yolotrain::detail
