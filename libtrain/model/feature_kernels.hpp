// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>

// Batch norm and SiLU over a matrix whose columns are channels: what a tensor in channels-last order is.
// Numbers are stored as float or bfloat16 and computed in float. Plain loops that compilers vectorise,
// compiled for several instruction sets, chosen at run time. No torch here.

namespace yolotrain::detail {

/// The upper half of a float.
struct Bf16 {
    std::uint16_t bits = 0;
};

inline float to_float(float x) {
    return x;
}
inline float to_float(Bf16 x) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(x.bits) << 16);
}

/// rows × columns numbers, `stride` numbers from one row to the next (≥ columns).
template <typename T>
struct Matrix {
    T* data = nullptr;
    std::int64_t rows = 0, columns = 0, stride = 0;
};

/// Per channel, `columns` floats each: y = silu(z·scale + shift); mean is that of the batch.
struct Coefficients {
    const float *scale = nullptr, *shift = nullptr, *mean = nullptr;
};

/// Each works on rows [first, last), so that pieces can be done by several threads.
template <typename T>
struct FeatureKernels {
    const char* name;
    /// Mean and sum of squared deviations of each column (blocks combined in double: Chan, Golub
    /// and LeVeque 1979).
    void (*moments)(const Matrix<T>& z, std::int64_t first, std::int64_t last, double* mean,
                    double* squares);
    /// y = silu(z·scale + shift), plus `residual` if that has data. y may be z.
    void (*activate)(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& residual,
                     const Matrix<T>& y, std::int64_t first, std::int64_t last);
    /// With d = gy·silu'(z·scale + shift): Σd and Σd·(z − mean) of each column.
    void (*gradient_sums)(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& gy,
                          std::int64_t first, std::int64_t last, double* sum, double* sum_centred);
    /// gz = scale·d − offset − slope·(z − mean). gz may be gy or z.
    void (*gradient)(const Matrix<T>& z, const Coefficients& c, const Matrix<T>& gy,
                     const float* offset, const float* slope, const Matrix<T>& gz,
                     std::int64_t first, std::int64_t last);
};

/// Those that this CPU can run, the plainest first; the last is the fastest. At least one.
int feature_kernel_levels();
template <typename T>
const FeatureKernels<T>& feature_kernels(int level);  // float, Bf16

}  // namespace yolotrain::detail
