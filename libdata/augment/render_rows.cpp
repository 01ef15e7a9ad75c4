// SPDX-License-Identifier: Apache-2.0
#include "render_rows.hpp"

#include <algorithm>

// Highway compiles what stands between BEFORE and AFTER once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "augment/render_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace yolodata::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// The same numbers one by one, for CPUs without SSSE3.
void InterpolateRun(const std::uint8_t* origin, std::ptrdiff_t stride, const Track& track, int n,
                    std::uint8_t* out) {
    for (int i = 0; i < n; ++i) {
        const int x = track.start_x + track.delta_x[i], y = track.start_y + track.delta_y[i];
        const std::uint8_t* upper = origin + (y >> 10) * stride + (x >> 10) * 3;
        const std::uint8_t* lower = upper + stride;
        const int fx = x >> 5 & 31, fy = y >> 5 & 31;
        for (int c = 0; c < 3; ++c, ++out) {
            const int a = upper[c] * (32 - fx) + upper[c + 3] * fx,
                      b = lower[c] * (32 - fx) + lower[c + 3] * fx;
            *out = static_cast<std::uint8_t>((a * (32 - fy) + b * fy + 512) >> 10);
        }
    }
}

void InterpolateDown(const std::uint8_t* upper, const std::uint8_t* lower, int fy, int bytes,
                     std::int16_t* line) {
    for (int i = 0; i < bytes; ++i)
        line[i] = static_cast<std::int16_t>(upper[i] * (32 - fy) + lower[i] * fy);
}

void InterpolateAcross(const std::int16_t* line, std::int32_t first, const std::int32_t* offset,
                       const std::int32_t* weights, int n, std::uint8_t* out) {
    for (int i = 0; i < n; ++i) {
        const std::int16_t* left = line + (offset[i] - first);
        const int fx = weights[4 * i] >> 16;
        for (int c = 0; c < 3; ++c)
            *out++ =
                static_cast<std::uint8_t>((left[c] * (32 - fx) + left[c + 3] * fx + 512) >> 10);
    }
}

#else

using Bytes16 = hn::Full128<std::uint8_t>;
using Words8 = hn::Full128<std::int16_t>;
using Ints4 = hn::Full128<std::int32_t>;

// a0·b0 + a1·b1 of neighbours.
HWY_INLINE hn::Vec<Ints4> pair_sums(hn::Vec<Words8> a, hn::Vec<Words8> b) {
    auto odd = hn::Zero(Ints4());
    const auto even = hn::ReorderWidenMulAccumulate(Ints4(), a, b, hn::Zero(Ints4()), odd);
    return hn::RearrangeToOddPlusEven(even, odd);
}

// Left and right tap of a channel become neighbours: R0 G0 B0 R1 G1 B1 to R0 R1 G0 G1 B0 B1.
alignas(16) constexpr std::uint8_t tap_pairs[16] = {0, 1, 6,  7,  2, 3, 8,  9,
                                                    4, 5, 10, 11, 4, 5, 10, 11};
// R G B x of four pixels to twelve bytes.
alignas(16) constexpr std::uint8_t drop_fourth[16] = {0,  1,  2,  4,  5, 6, 8, 9,
                                                      10, 12, 13, 14, 0, 0, 0, 0};

// Sum of the four taps of one pixel, times 1024: lanes R G B x.
HWY_INLINE hn::Vec<Ints4> sum_of_taps(const std::uint8_t* upper, std::size_t stride,
                                      std::int32_t weight_x, std::int32_t weight_y) {
    const Words8 words;
    const hn::Full64<std::uint8_t> bytes;
    const auto pairs = hn::BitCast(words, hn::Load(Bytes16(), tap_pairs));
    const auto wx = hn::BitCast(words, hn::Set(Ints4(), weight_x));
    const auto wy = hn::BitCast(words, hn::Set(Ints4(), weight_y));
    const auto a = hn::TableLookupBytes(hn::PromoteTo(words, hn::LoadU(bytes, upper)), pairs);
    const auto b =
        hn::TableLookupBytes(hn::PromoteTo(words, hn::LoadU(bytes, upper + stride)), pairs);
    const auto both = hn::Or(pair_sums(a, wx), hn::ShiftLeft<16>(pair_sums(b, wx)));
    return pair_sums(hn::BitCast(words, both), wy);
}

HWY_INLINE hn::Vec<Ints4> rounded(hn::Vec<Ints4> sum) {
    return hn::ShiftRight<10>(hn::Add(sum, hn::Set(Ints4(), 512)));
}

// R G B x of four pixels as twelve bytes; touches sixteen.
HWY_INLINE void store_four(hn::Vec<Ints4> p0, hn::Vec<Ints4> p1, hn::Vec<Ints4> p2,
                           hn::Vec<Ints4> p3, std::uint8_t* out) {
    const hn::Full64<std::int16_t> half_words;
    const hn::Full64<std::uint8_t> half_bytes;
    const auto low =
        hn::Combine(Words8(), hn::DemoteTo(half_words, p1), hn::DemoteTo(half_words, p0));
    const auto high =
        hn::Combine(Words8(), hn::DemoteTo(half_words, p3), hn::DemoteTo(half_words, p2));
    const auto all =
        hn::Combine(Bytes16(), hn::DemoteTo(half_bytes, high), hn::DemoteTo(half_bytes, low));
    hn::StoreU(hn::TableLookupBytes(all, hn::Load(Bytes16(), drop_fourth)), Bytes16(), out);
}

HWY_INLINE void store_one(hn::Vec<Ints4> p, std::uint8_t* out) {
    const hn::Full32<std::uint8_t> bytes;
    hn::StoreU(hn::DemoteTo(bytes, p), bytes, out);
}

// Addresses and weights are made for a piece of the run at a time, by whole vectors.
void InterpolateRun(const std::uint8_t* origin, std::ptrdiff_t stride, const Track& track, int n,
                    std::uint8_t* out) {
    constexpr int piece = 64;
    HWY_ALIGN std::int32_t row[piece], column[piece], weight_x[piece], weight_y[piece];
    const hn::CappedTag<std::int32_t, piece> ints;
    const int lanes = static_cast<int>(hn::Lanes(ints));
    const auto weights = [&](hn::Vec<decltype(ints)> at) HWY_ATTR {
        const auto f = hn::And(hn::ShiftRight<5>(at), hn::Set(ints, 31));
        return hn::Or(hn::Sub(hn::Set(ints, 32), f), hn::ShiftLeft<16>(f));
    };
    for (int done = 0; done < n; done += piece) {
        const int count = std::min(piece, n - done);
        for (int i = 0; i < count; i += lanes) {
            const auto x =
                hn::Add(hn::Set(ints, track.start_x), hn::LoadU(ints, track.delta_x + done + i));
            const auto y =
                hn::Add(hn::Set(ints, track.start_y), hn::LoadU(ints, track.delta_y + done + i));
            const auto whole_x = hn::ShiftRight<10>(x);
            hn::Store(hn::ShiftRight<10>(y), ints, row + i);
            hn::Store(hn::Add(whole_x, hn::ShiftLeft<1>(whole_x)), ints, column + i);
            hn::Store(weights(x), ints, weight_x + i);
            hn::Store(weights(y), ints, weight_y + i);
        }
        const auto pixel = [&](int i) HWY_ATTR {
            return rounded(sum_of_taps(origin + row[i] * stride + column[i], stride, weight_x[i],
                                       weight_y[i]));
        };
        int i = 0;
        for (; i + 4 <= count; i += 4, out += 12)
            store_four(pixel(i), pixel(i + 1), pixel(i + 2), pixel(i + 3), out);
        for (; i < count; ++i, out += 3) store_one(pixel(i), out);
    }
}

void InterpolateDown(const std::uint8_t* upper, const std::uint8_t* lower, int fy, int bytes,
                     std::int16_t* line) {
    const hn::ScalableTag<std::int16_t> words;
    const hn::Rebind<std::uint8_t, decltype(words)> narrow;
    const int lanes = static_cast<int>(hn::Lanes(words));
    const auto wa = hn::Set(words, static_cast<std::int16_t>(32 - fy)),
               wb = hn::Set(words, static_cast<std::int16_t>(fy));
    const auto mix = [&](int i) HWY_ATTR {
        const auto a = hn::PromoteTo(words, hn::LoadU(narrow, upper + i)),
                   b = hn::PromoteTo(words, hn::LoadU(narrow, lower + i));
        hn::StoreU(hn::Add(hn::Mul(a, wa), hn::Mul(b, wb)), words, line + i);
    };
    int i = 0;
    for (; i + lanes <= bytes; i += lanes) mix(i);
    if (i == bytes) return;
    // Nothing may be read behind the rows: the last vector goes over numbers that are done already.
    if (bytes >= lanes) return mix(bytes - lanes);
    for (; i < bytes; ++i)
        line[i] = static_cast<std::int16_t>(upper[i] * (32 - fy) + lower[i] * fy);
}

void InterpolateAcross(const std::int16_t* line, std::int32_t first, const std::int32_t* offset,
                       const std::int32_t* weights, int n, std::uint8_t* out) {
    const auto taps = [&](int i)
                          HWY_ATTR { return hn::LoadU(Words8(), line + (offset[i] - first)); };
    int i = 0;
#if HWY_TARGET <= HWY_AVX2  // and better ones of x86: two pixels a vector
    using Words16 = hn::Full256<std::int16_t>;
    using Ints8 = hn::Full256<std::int32_t>;
    const auto pairs = hn::LoadDup128(Words16(), reinterpret_cast<const std::int16_t*>(tap_pairs));
    const auto two = [&](hn::Vec<Words8> low, hn::Vec<Words8> high, hn::Vec<Ints4> low_weights,
                         hn::Vec<Ints4> high_weights) HWY_ATTR {
        const auto both = hn::TableLookupBytes(hn::Combine(Words16(), high, low), pairs);
        auto odd = hn::Zero(Ints8());
        const auto w = hn::BitCast(Words16(), hn::Combine(Ints8(), high_weights, low_weights));
        const auto even =
            hn::ReorderWidenMulAccumulate(Ints8(), both, w, hn::Set(Ints8(), 512), odd);
        return hn::ShiftRight<10>(hn::RearrangeToOddPlusEven(even, odd));
    };
    for (; i + 4 <= n; i += 4, out += 12) {
        const auto w = [&](int k) HWY_ATTR { return hn::LoadU(Ints4(), weights + 4 * (i + k)); };
        const auto a = two(taps(i), taps(i + 2), w(0), w(2)),
                   b = two(taps(i + 1), taps(i + 3), w(1), w(3));
        // Demoted within each half: pixels 0 1 and 2 3.
        const auto words = hn::ReorderDemote2To(Words16(), a, b);
        const auto bytes = hn::DemoteTo(Bytes16(), words);
        hn::StoreU(hn::TableLookupBytes(bytes, hn::Load(Bytes16(), drop_fourth)), Bytes16(), out);
    }
#endif
    const auto pairs4 = hn::BitCast(Words8(), hn::Load(Bytes16(), tap_pairs));
    const auto pixel = [&](int k) HWY_ATTR {
        const auto w = hn::BitCast(Words8(), hn::LoadU(Ints4(), weights + 4 * k));
        return rounded(pair_sums(hn::TableLookupBytes(taps(k), pairs4), w));
    };
    for (; i + 4 <= n; i += 4, out += 12)
        store_four(pixel(i), pixel(i + 1), pixel(i + 2), pixel(i + 3), out);
    for (; i < n; ++i, out += 3) store_one(pixel(i), out);
}

#endif

}  // namespace yolodata::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace yolodata {

HWY_EXPORT(InterpolateRun);
HWY_EXPORT(InterpolateDown);
HWY_EXPORT(InterpolateAcross);

void interpolate_run(const std::uint8_t* origin, std::ptrdiff_t stride, const Track& track, int n,
                     std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(InterpolateRun)(origin, stride, track, n, out);
}

void interpolate_down(const std::uint8_t* upper, const std::uint8_t* lower, int fy, int bytes,
                      std::int16_t* line) {
    HWY_DYNAMIC_DISPATCH(InterpolateDown)(upper, lower, fy, bytes, line);
}

void interpolate_across(const std::int16_t* line, std::int32_t first, const std::int32_t* offset,
                        const std::int32_t* weights, int n, std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(InterpolateAcross)(line, first, offset, weights, n, out);
}

}  // namespace yolodata
#endif
