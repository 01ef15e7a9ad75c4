// SPDX-License-Identifier: Apache-2.0
#include "feature.hpp"

#include <ATen/ATen.h>

#include <cmath>
#include <optional>
#include <vector>

#include "channel_matrix.hpp"
#include "feature_kernels.hpp"

namespace yolotrain::detail {

namespace {

constexpr double momentum = 0.03;
constexpr double eps = 1e-3;

template <typename T>
const FeatureKernels<T>& kernels() {
    return feature_kernels<T>(feature_kernel_levels() - 1);
}

Coefficients coefficients_of(const Feature& f) {
    return {f.scale.data_ptr<float>(), f.shift.data_ptr<float>(),
            f.mean.defined() ? f.mean.data_ptr<float>() : nullptr};
}

at::Tensor per_channel(const at::Tensor& values) {
    return values.view({1, -1, 1, 1});
}

/// In double, as are the few numbers that follow from them: each is rounded once.
struct Moments {
    at::Tensor mean, variance;  ///< double [C]; the variance is that of the sample, biased
};

template <typename T>
Moments moments_of(const Matrix<T>& z, const at::TensorOptions& options) {
    const auto pieces = pieces_of(z);
    const auto c = static_cast<std::size_t>(z.columns);
    std::vector<double> mean(c * static_cast<std::size_t>(pieces)), squares(mean.size());
    for_pieces(z, pieces, [&](std::int64_t p, std::int64_t first, std::int64_t last) {
        const auto at = c * static_cast<std::size_t>(p);
        kernels<T>().moments(z, first, last, mean.data() + at, squares.data() + at);
    });
    Moments out = {at::empty({z.columns}, options), at::empty({z.columns}, options)};
    auto* out_mean = out.mean.data_ptr<double>();
    auto* out_variance = out.variance.data_ptr<double>();
    for (std::size_t i = 0; i < c; ++i) {
        double n = 0, m = 0, s = 0;
        for (std::int64_t p = 0; p < pieces; ++p) {
            const auto count = static_cast<double>(z.rows * (p + 1) / pieces - z.rows * p / pieces);
            const auto k = c * static_cast<std::size_t>(p) + i;
            const double delta = mean[k] - m;
            s += squares[k] + delta * delta * n * count / (n + count);
            m += delta * count / (n + count);
            n += count;
        }
        out_mean[i] = m;
        out_variance[i] = s / n;
    }
    return out;
}

Moments moments_of(const at::Tensor& z) {
    const auto options = at::TensorOptions().dtype(at::kDouble).device(z.device());
    if (const auto matrix = matrix_of<float>(z)) return moments_of(*matrix, options);
    if (const auto matrix = matrix_of<Bf16>(z)) return moments_of(*matrix, options);
    const auto [variance, mean] =
        at::var_mean(z.to(at::kFloat), std::vector<std::int64_t>{0, 2, 3}, /*unbiased=*/false);
    return {mean.to(at::kDouble), variance.to(at::kDouble)};
}

/// From double numbers.
void set_coefficients(Feature& f, const at::Tensor& gamma, const at::Tensor& beta,
                      const at::Tensor& mean, const at::Tensor& invstd) {
    const auto scale = gamma.detach() * invstd;
    f.scale = scale.to(at::kFloat);
    f.shift = (beta.detach() - mean * scale).to(at::kFloat);
}

/// The same for running statistics. By a loop where it can be: at one small picture a batch the dozen operators
/// would take a seventh of the network's time.
void set_running_coefficients(Feature& f, const at::Tensor& gamma, const at::Tensor& beta, const at::Tensor& mean,
                              const at::Tensor& variance) {
    for (const at::Tensor& t : {gamma, beta, mean, variance}) {
        if (t.is_cpu() && t.scalar_type() == at::kFloat && t.is_contiguous()) continue;
        set_coefficients(f, gamma, beta, mean.to(at::kDouble), (variance.to(at::kDouble) + eps).rsqrt_());
        return;
    }
    const auto c = gamma.numel();
    f.scale = at::empty({c}, at::kFloat);
    f.shift = at::empty({c}, at::kFloat);
    const auto *g = gamma.data_ptr<float>(), *b = beta.data_ptr<float>(), *m = mean.data_ptr<float>(),
               *v = variance.data_ptr<float>();
    auto *scale = f.scale.data_ptr<float>(), *shift = f.shift.data_ptr<float>();
    for (std::int64_t i = 0; i < c; ++i) {
        const double s = g[i] / std::sqrt(v[i] + eps);
        scale[i] = static_cast<float>(s);
        shift[i] = static_cast<float>(b[i] - m[i] * s);
    }
}

at::Tensor in_channels_last(at::Tensor z) {
    return matrix_of<float>(z) || matrix_of<Bf16>(z) ? z : z.contiguous(at::MemoryFormat::ChannelsLast);
}

template <typename T>
FeatureGradient backward_of(const Feature& f, const Matrix<T>& z, const at::Tensor& gamma,
                            const Matrix<T>& gy, const at::Tensor& gz) {
    const auto pieces = pieces_of(z);
    const auto c = static_cast<std::size_t>(z.columns);
    const auto coefficients = coefficients_of(f);
    std::vector<double> sum(c * static_cast<std::size_t>(pieces)), centred(sum.size());
    for_pieces(z, pieces, [&](std::int64_t p, std::int64_t first, std::int64_t last) {
        const auto at = c * static_cast<std::size_t>(p);
        kernels<T>().gradient_sums(z, coefficients, gy, first, last, sum.data() + at,
                                centred.data() + at);
    });
    // With x̂ = (z − mean)·invstd: gz = scale·(d − mean(d) − x̂·mean(d·x̂)).
    FeatureGradient out = {gz, at::empty_like(gamma.detach()), at::empty_like(gamma.detach())};
    std::vector<float> offset(c), slope(c);
    const auto *invstd = f.invstd.data_ptr<float>(), *scale = coefficients.scale;
    auto *g_gamma = out.gamma.data_ptr<float>(), *g_beta = out.beta.data_ptr<float>();
    const auto n = static_cast<double>(z.rows);
    for (std::size_t i = 0; i < c; ++i) {
        double s = 0, t = 0;
        for (std::size_t k = i; k < sum.size(); k += c) {
            s += sum[k];
            t += centred[k];
        }
        g_beta[i] = static_cast<float>(s);
        g_gamma[i] = static_cast<float>(t * invstd[i]);
        offset[i] = static_cast<float>(scale[i] * s / n);
        slope[i] = static_cast<float>(scale[i] * t * invstd[i] * invstd[i] / n);
    }
    const auto to = *matrix_of<T>(gz);
    for_pieces(z, pieces, [&](std::int64_t, std::int64_t first, std::int64_t last) {
        kernels<T>().gradient(z, coefficients, gy, offset.data(), slope.data(), to, first, last);
    });
    return out;
}

/// false: these tensors are no matrices of T.
template <typename T>
bool activate_as(const Feature& f, const at::Tensor& out, const at::Tensor& residual) {
    const auto from = matrix_of<T>(f.z), to = matrix_of<T>(out), add = matrix_of<T>(residual);
    if (!from || !to || (residual.defined() && !add)) return false;
    const auto coefficients = coefficients_of(f);
    for_pieces(*from, pieces_of(*from), [&](std::int64_t, std::int64_t first, std::int64_t last) {
        kernels<T>().activate(*from, coefficients, add.value_or(Matrix<T>{}), *to, first, last);
    });
    return true;
}

/// Nothing: these tensors are no matrices of T.
template <typename T>
std::optional<FeatureGradient> backward_as(const Feature& f, const at::Tensor& gamma,
                                           const at::Tensor& gy, bool may_overwrite) {
    const auto z = matrix_of<T>(f.z), from = matrix_of<T>(gy);
    if (!z || !from) return {};
    const bool own = may_overwrite && from->stride == from->columns;
    return backward_of(f, *z, gamma, *from, own ? gy : empty_like_with_channels(f.z, f.channels()));
}

}  // namespace

at::Tensor empty_like_with_channels(const at::Tensor& z, std::int64_t channels) {
    return at::empty({z.size(0), channels, z.size(2), z.size(3)},
                     z.options().memory_format(at::MemoryFormat::ChannelsLast));
}

at::Tensor Feature::activate() const {
    auto y = empty_like_with_channels(z, channels());
    activate_into(y);
    return y;
}

void Feature::activate_into(const at::Tensor& out, const at::Tensor& residual) const {
    if (activate_as<float>(*this, out, residual) || activate_as<Bf16>(*this, out, residual)) return;
    auto y = at::silu(z.to(at::kFloat) * per_channel(scale) + per_channel(shift));
    if (residual.defined()) y.add_(residual);
    out.copy_(y);
}

Feature normalise_by_batch(at::Tensor z, const at::Tensor& gamma, const at::Tensor& beta,
                           RunningStatistics running) {
    Feature f;
    f.z = in_channels_last(std::move(z));
    const auto [mean, variance] = moments_of(f.z);
    const auto n = static_cast<double>(f.z.numel() / f.z.size(1));
    running.mean.mul_(1 - momentum).add_(mean, momentum);
    running.variance.mul_(1 - momentum).add_(variance, momentum * n / (n - 1));
    running.batches.add_(1);
    const auto invstd = (variance + eps).rsqrt_();
    f.mean = mean.to(at::kFloat);
    f.invstd = invstd.to(at::kFloat);
    set_coefficients(f, gamma, beta, mean, invstd);
    return f;
}

Feature normalise_by_running(at::Tensor z, const at::Tensor& gamma, const at::Tensor& beta,
                             const at::Tensor& mean, const at::Tensor& variance) {
    Feature f;
    f.z = in_channels_last(std::move(z));
    set_running_coefficients(f, gamma, beta, mean, variance);
    return f;
}

FeatureGradient backward(const Feature& f, const at::Tensor& gamma, const at::Tensor& gy,
                         bool may_overwrite) {
    if (auto g = backward_as<float>(f, gamma, gy, may_overwrite)) return *g;
    if (auto g = backward_as<Bf16>(f, gamma, gy, may_overwrite)) return *g;
    const auto zf = f.z.to(at::kFloat);
    const auto u = zf * per_channel(f.scale) + per_channel(f.shift);
    const auto d = at::silu_backward(gy.to(at::kFloat), u);
    const auto [gz, g_gamma, g_beta] = at::native_batch_norm_backward(
        d, zf, gamma, {}, {}, f.mean, f.invstd, true, eps, {true, true, true});
    return {gz.to(f.z.scalar_type()), g_gamma, g_beta};
}

}  // namespace yolotrain::detail
