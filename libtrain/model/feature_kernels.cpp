// SPDX-License-Identifier: Apache-2.0
#include "feature_kernels.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

namespace yolotrain::detail {

namespace {

constexpr int max_width = 64;
constexpr std::int64_t block_groups = 32;  // so many are added up in float, then in double

/// A rectangle of the matrix that one inner loop runs over. A group is `width` floats that lie
/// together: up to 64 columns of one row, or several whole rows (`fold`) where the columns are few
/// and dense.
struct Tile {
    std::int64_t column = 0, columns = 0;  ///< first column, number of columns
    std::int64_t row = 0, groups = 0, fold = 1;
    int width = 0;  ///< columns · fold

    /// Numbers per column, repeated for each row of a group.
    void spread(const float* from, float* to) const {
        for (int i = 0; i < width; ++i) to[i] = from[column + i % columns];
    }
};

std::vector<Tile> tiles_of(std::int64_t columns, bool dense, std::int64_t first,
                           std::int64_t last) {
    const std::int64_t fold = dense && columns <= max_width / 2 ? max_width / columns : 1;
    std::vector<Tile> tiles;
    for (std::int64_t c = 0; c < columns; c += max_width) {
        const auto n = std::min<std::int64_t>(columns - c, max_width);
        const auto groups = (last - first) / fold, rest = first + groups * fold;
        if (groups > 0) tiles.push_back({c, n, first, groups, fold, static_cast<int>(n * fold)});
        if (rest < last) tiles.push_back({c, n, rest, last - rest, 1, static_cast<int>(n)});
    }
    return tiles;
}

namespace plain {
#include "feature_kernels.ipp"
template <typename T>
constexpr FeatureKernels<T> kernels = {"plain", moments<T>, activate<T>, gradient_sums<T>, gradient<T>};
}  // namespace plain

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace avx2 {
#include "feature_kernels.ipp"
template <typename T>
constexpr FeatureKernels<T> kernels = {"avx2", moments<T>, activate<T>, gradient_sums<T>, gradient<T>};
}  // namespace avx2
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,fma,prefer-vector-width=512")
namespace avx512 {
#include "feature_kernels.ipp"
template <typename T>
constexpr FeatureKernels<T> kernels = {"avx512", moments<T>, activate<T>, gradient_sums<T>, gradient<T>};
}  // namespace avx512
#pragma GCC pop_options

template <typename T>
const FeatureKernels<T>& kernels_of(int level) {
    return level == 2 ? avx512::kernels<T> : level == 1 ? avx2::kernels<T> : plain::kernels<T>;
}

int runnable_levels() {
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 1;
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    return avx512 ? 3 : 2;
}
#else
template <typename T>
const FeatureKernels<T>& kernels_of(int) {
    return plain::kernels<T>;
}

int runnable_levels() {
    return 1;
}
#endif

}  // namespace

int feature_kernel_levels() {
    static const int levels = runnable_levels();
    return levels;
}

template <typename T>
const FeatureKernels<T>& feature_kernels(int level) {
    return kernels_of<T>(level);
}
template const FeatureKernels<float>& feature_kernels(int level);
template const FeatureKernels<Bf16>& feature_kernels(int level);

}  // namespace yolotrain::detail
