// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdint>
#include <optional>

#include "feature_kernels.hpp"

// Tensors as the matrices that the kernels work on, and their rows in pieces for several threads. Whoever includes
// this is compiled with -fopenmp (CMakeLists.txt).

namespace yolotrain::detail {

template <typename T>
constexpr at::ScalarType scalar_type = at::kFloat;
template <>
constexpr at::ScalarType scalar_type<Bf16> = at::kBFloat16;

/// A channels-last tensor (or channels of one) of T on the CPU as a matrix; nothing for any other.
template <typename T>
std::optional<Matrix<T>> matrix_of(const at::Tensor& t) {
    if (!t.defined() || !t.is_cpu() || t.scalar_type() != scalar_type<T> || t.dim() != 4) return {};
    const auto b = t.size(0), c = t.size(1), h = t.size(2), w = t.size(3);
    if (c > 1 && t.stride(1) != 1) return {};
    // The step between rows, from the innermost dimension that has more than one.
    const auto step = w > 1 ? t.stride(3) : h > 1 ? t.stride(2) : b > 1 ? t.stride(0) : c;
    if (step < c || (h > 1 && t.stride(2) != w * step) || (b > 1 && t.stride(0) != h * w * step)) {
        return {};
    }
    return Matrix<T>{static_cast<T*>(t.data_ptr()), b * h * w, c, step};
}

/// Rows are cut into so many pieces whatever the number of threads: sums then have the same bits.
inline constexpr std::int64_t most_pieces = 16;
template <typename T>
std::int64_t pieces_of(const Matrix<T>& m) {
    constexpr std::int64_t smallest = 16384;  // floats; below, starting a thread costs more
    return std::clamp<std::int64_t>(m.rows * m.columns / smallest, 1,
                                    std::min(most_pieces, m.rows));
}

/// body(piece, first row, last row), by several threads.
template <typename T, typename Body>
void for_pieces(const Matrix<T>& m, std::int64_t pieces, const Body& body) {
    at::parallel_for(0, pieces, 1, [&](std::int64_t begin, std::int64_t end) {
        for (auto p = begin; p < end; ++p) body(p, m.rows * p / pieces, m.rows * (p + 1) / pieces);
    });
}

}  // namespace yolotrain::detail
