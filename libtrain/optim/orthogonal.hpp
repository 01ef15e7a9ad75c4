// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace yolotrain::detail {

/// Nearly U·Vᵀ of a matrix U·S·Vᵀ, without its singular values: five steps of a Newton-Schulz iteration whose
/// coefficients (K. Jordan 2024, Muon) let small values grow fast and leave all between about 0.7 and 1.2. Values under a
/// thousandth of the matrix' norm stay below that. float32 [M, N], dense. type: that it is computed in; float32, or
/// bfloat16, for a GPU (and as Ultralytics computes it everywhere).
at::Tensor nearly_orthogonal(const at::Tensor& matrix, at::ScalarType type);

}  // namespace yolotrain::detail
