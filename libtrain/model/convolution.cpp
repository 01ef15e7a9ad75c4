// SPDX-License-Identifier: Apache-2.0
#include "convolution.hpp"

#include <ATen/ATen.h>

#include <vector>

namespace yolotrain::detail {

namespace {

/// bfloat16 is only taken by oneDNN where the CPU has these; LibTorch's check is not public.
bool has_avx512() {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
#else
    return false;
#endif
}

bool onednn_takes(const at::Tensor& x) {
    if (!x.is_cpu() || !at::hasMKLDNN()) return false;
    return x.scalar_type() == at::kFloat || (x.scalar_type() == at::kBFloat16 && has_avx512());
}

/// Parameters are kept in float32 and rounded for each use.
at::Tensor as_type_of(const at::Tensor& x, const at::Tensor& parameter) {
    return parameter.defined() ? parameter.detach().to(x.scalar_type()) : parameter;
}

}  // namespace

at::Tensor convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                    int stride, int padding) {
    const auto w = as_type_of(x, weight), b = as_type_of(x, bias);
    // On the CPU always oneDNN: LibTorch's own choice for small batches on one thread is a matrix
    // product as fast as the system's BLAS, and the reference BLAS is ten times slower.
    if (onednn_takes(x)) {
        return at::mkldnn_convolution(x, w, b, {padding, padding}, {stride, stride}, {1, 1}, 1);
    }
    return at::conv2d(x, w, b, stride, padding);
}

ConvolutionGradient convolve_backward(const at::Tensor& gy, const at::Tensor& x,
                                      const at::Tensor& weight, int stride, int padding,
                                      bool want_input, bool want_bias) {
    const std::vector<std::int64_t> size = {weight.size(0)};
    at::OptionalIntArrayRef bias_size;
    if (want_bias) bias_size = at::IntArrayRef(size);
    auto [input, w, bias] = at::convolution_backward(
        gy, x, as_type_of(x, weight), bias_size, {stride, stride}, {padding, padding}, {1, 1}, false,
        {0, 0}, 1, {want_input, true, want_bias});
    return {input, w.to(weight.scalar_type()), want_bias ? bias.to(weight.scalar_type()) : bias};
}

}  // namespace yolotrain::detail
