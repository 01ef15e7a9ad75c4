// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace yolotrain::detail {

/// 2-D convolution without autograd, in the type of x; an undefined bias is none.
at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    int stride, int padding);

struct ConvolutionGradient {
    at::Tensor input;         ///< undefined where not wanted
    at::Tensor weight, bias;  ///< in the parameters' own type; bias undefined where not wanted
};
ConvolutionGradient convolve_backward(const at::Tensor& gy, const at::Tensor& x,
                                      const at::Tensor& weight, int stride, int padding,
                                      bool want_input, bool want_bias);

}  // namespace yolotrain::detail
