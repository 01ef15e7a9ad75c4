// SPDX-License-Identifier: Apache-2.0
#include "orthogonal.hpp"

#include <ATen/ATen.h>

#include "model/convolution.hpp"

namespace yolotrain::detail {

namespace {

constexpr int steps = 5;
constexpr double a = 3.4445, b = -4.7750, c = 2.0315, eps = 1e-7;

/// x·yᵀ of [M, K] and [N, K]: as a 1 × 1 convolution, by oneDNN. LibTorch's own product is as fast as the system's BLAS,
/// and the reference BLAS is ten times slower.
at::Tensor times_transposed(const at::Tensor& x, const at::Tensor& y) {
    const auto m = x.size(0), n = y.size(0), k = x.size(1);
    const auto rows = x.contiguous().view({1, m, 1, k}).permute({0, 3, 1, 2});  // pixels with K channels
    const auto product = convolve(rows, y.contiguous().view({n, k, 1, 1}), {}, 1, 0);
    return product.permute({0, 2, 3, 1}).reshape({m, n});
}

/// One step. x·xᵀ is symmetric.
at::Tensor step(const at::Tensor& x) {
    const auto square = times_transposed(x, x);
    const auto inner = times_transposed(square, square).mul_(c).add_(square, b);
    return times_transposed(inner, x.t()).add_(x, a);
}

/// The same for a GPU in bfloat16: each product and its sum are rounded once, for roundings in between would shorten
/// what comes out by up to 7 %.
at::Tensor rounded_step(const at::Tensor& x) {
    const auto square = at::matmul(x, x.t());
    const auto inner = at::addmm(square, square, square, b, c);
    return at::addmm(x, inner, x, a, 1);
}

}  // namespace

at::Tensor nearly_orthogonal(const at::Tensor& matrix, at::ScalarType type) {
    const bool tall = matrix.size(0) > matrix.size(1);
    at::Tensor x = tall ? matrix.t() : matrix;  // the smaller of the two products of a matrix with itself
    x = x.to(type);
    x = x / (x.norm() + eps);
    for (int i = 0; i < steps; ++i) x = type == at::kBFloat16 ? rounded_step(x) : step(x);
    x = x.to(matrix.scalar_type());
    return tall ? x.t() : x;
}

}  // namespace yolotrain::detail
