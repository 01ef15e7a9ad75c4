// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace yolotrain::detail {

/// The output of a convolution block, y = silu(z·scale + shift), kept as z alone: y is made
/// wherever it is needed, in the forward and again in the backward pass. One tensor of a block then
/// stays in memory instead of three (z, the normalised z, y), and y can be written straight into
/// its place in a concatenation.
struct Feature {
    at::Tensor z;             ///< [B, C, H, W], channels last
    at::Tensor scale, shift;  ///< float [C]
    at::Tensor mean,
        invstd;  ///< float [C], of the batch; undefined if running statistics were used

    std::int64_t channels() const { return z.size(1); }
    /// y as a tensor of its own.
    at::Tensor activate() const;
    /// y, plus `residual` where defined, into `out`: [B, C, H, W], or channels of a wider tensor.
    void activate_into(const at::Tensor& out, const at::Tensor& residual = {}) const;
};

/// Running statistics of a batch norm, updated in place.
struct RunningStatistics {
    at::Tensor &mean, &variance, &batches;
};

/// Normalises z by its own statistics, which also move the running ones.
Feature normalise_by_batch(at::Tensor z, const at::Tensor& gamma, const at::Tensor& beta,
                           RunningStatistics running);
/// Normalises z by running statistics.
Feature normalise_by_running(at::Tensor z, const at::Tensor& gamma, const at::Tensor& beta,
                             const at::Tensor& mean, const at::Tensor& variance);

struct FeatureGradient {
    at::Tensor z, gamma, beta;
};
/// Gradients from that of y (channels of a wider tensor are fine). Takes the memory of gy for that
/// of z where gy has its own (`may_overwrite`). Only for features normalised by their batch.
FeatureGradient backward(const Feature& feature, const at::Tensor& gamma, const at::Tensor& gy,
                         bool may_overwrite);

/// An uninitialised [B, C, H, W] of z's kind, in channels-last order.
at::Tensor empty_like_with_channels(const at::Tensor& z, std::int64_t channels);

}  // namespace yolotrain::detail
