// SPDX-License-Identifier: Apache-2.0
#include "render_rows.hpp"

#include <algorithm>
#include <cmath>

// Highway compiles what stands between BEFORE and AFTER once for each instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "augment/colour_rows.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace yolodata::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// The same numbers one by one, for CPUs without SSSE3.
int Divide(int x, int by, float scale) {
    return by == 0
               ? 0
               : (x * static_cast<int>(std::lrint(scale / static_cast<float>(by))) + 2048) >> 12;
}

float Lack(float hue, float middle) {
    return std::clamp(std::abs(hue - middle) - 1, 0.0f, 1.0f);
}

void ChangeColour(const ColourTables& tables, std::uint8_t& red, std::uint8_t& green,
                  std::uint8_t& blue) {
    const int r = red, g = green, b = blue, value = std::max({r, g, b}),
              range = value - std::min({r, g, b});
    const int sixths = value == r ? g - b : value == g ? b - r + 2 * range : r - g + 4 * range;
    int hue = Divide(sixths, range, 30.0f * 4096);
    if (hue < 0) hue += 180;
    const float new_hue = tables.hue[static_cast<std::size_t>(hue)] / 30;
    const auto gain = [](int x, float factor) {
        return std::floor(std::min(static_cast<float>(x) * factor, 255.0f));
    };
    const float new_value = gain(value, tables.value);
    const float span =
        new_value * (gain(Divide(range, value, 255.0f * 4096), tables.saturation) * (1 / 255.0f));
    const auto store = [&](float lack) {
        return static_cast<std::uint8_t>(std::lrint(new_value - span * lack));
    };
    red = store(1 - Lack(new_hue, 3)), green = store(Lack(new_hue, 2)),
    blue = store(Lack(new_hue, 4));
}

void ColourRow(const std::uint8_t* rgb, int n, const ColourTables* tables, std::uint8_t* red,
               std::uint8_t* green, std::uint8_t* blue) {
    for (int i = 0; i < n; ++i, rgb += 3) {
        red[i] = rgb[0], green[i] = rgb[1], blue[i] = rgb[2];
        if (tables != nullptr) ChangeColour(*tables, red[i], green[i], blue[i]);
    }
}

void InterleaveRow(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
                   int n, std::uint8_t* rgb) {
    for (int i = 0; i < n; ++i)
        rgb[3 * i] = red[i], rgb[3 * i + 1] = green[i], rgb[3 * i + 2] = blue[i];
}

#else

// One vector of pixels, RGB to HSV as OpenCV's 8-bit conversion does it (hue in 0…179), gains, and
// back.
template <bool linear_hue>
class ColourChange {
 public:
    using F = hn::ScalableTag<float>;
    using I = hn::RebindToSigned<F>;
    using U = hn::RebindToUnsigned<F>;
    using B = hn::Rebind<std::uint8_t, U>;
    using VI = hn::Vec<I>;
    using VF = hn::Vec<F>;

    explicit ColourChange(const ColourTables& tables)
        : hues_(tables.hue.data()),
          hue_factor_(tables.hue_factor),
          hue_bias_(tables.hue_bias),
          saturation_(tables.saturation),
          value_(tables.value) {}

    HWY_INLINE void operator()(VI r, VI g, VI b, std::uint8_t* red, std::uint8_t* green,
                               std::uint8_t* blue) const {
        const auto value = hn::Max(hn::Max(r, g), b);
        const auto range = hn::Sub(value, hn::Min(hn::Min(r, g), b));
        const auto saturation = divide(range, value, 255.0f * 4096);
        const auto from_green = hn::Add(hn::Sub(b, r), hn::ShiftLeft<1>(range));
        const auto from_blue = hn::Add(hn::Sub(r, g), hn::ShiftLeft<2>(range));
        const auto sixths = hn::IfThenElse(hn::Eq(value, r), hn::Sub(g, b),
                                           hn::IfThenElse(hn::Eq(value, g), from_green, from_blue));
        auto hue = divide(sixths, range, 30.0f * 4096);
        hue = hn::Add(hue, hn::And(hn::BroadcastSignBit(hue), hn::Set(I(), 180)));

        const auto new_hue = hn::Mul(change_hue(hue), hn::Set(F(), 1 / 30.0f));
        const auto new_saturation =
            hn::Mul(gain(saturation, saturation_), hn::Set(F(), 1 / 255.0f));
        const auto new_value = gain(value, value_);
        const auto span = hn::Mul(new_value, new_saturation);
        // Red is the middle of the circle's two ends: it lacks where green or blue are near.
        const auto red_lack = hn::Sub(hn::Set(F(), 1.0f), lack(new_hue, 3));
        store(hn::NegMulAdd(span, red_lack, new_value), red);
        store(hn::NegMulAdd(span, lack(new_hue, 2), new_value), green);
        store(hn::NegMulAdd(span, lack(new_hue, 4), new_value), blue);
    }

 private:
    // Added to a number below 2^22, it leaves the nearest whole number in the low bits: cheaper
    // than a conversion that takes care of numbers which do not occur here.
    static constexpr float rounder = 12582912.0f;  // 1.5 · 2^23
    static HWY_INLINE VI nearest_plus_rounder(VF x) {
        return hn::BitCast(I(), hn::Add(x, hn::Set(F(), rounder)));
    }

    // Division by a table of rounded reciprocals, as OpenCV has it: (x · rint(scale / by) + 2048)
    // >> 12. Where by is 0, x is too.
    static HWY_INLINE VI divide(VI x, VI by, float scale) {
        const auto quotient =
            nearest_plus_rounder(hn::Div(hn::Set(F(), scale), hn::ConvertTo(F(), by)));
        const auto reciprocal = hn::Sub(quotient, hn::BitCast(I(), hn::Set(F(), rounder)));
        return hn::ShiftRight<12>(hn::Add(hn::Mul(x, reciprocal), hn::Set(I(), 2048)));
    }

    HWY_INLINE VF change_hue(VI hue) const {
        if constexpr (!linear_hue) return hn::GatherIndex(F(), hues_, hue);
        const auto turned = hn::Floor(hn::MulAdd(hn::ConvertTo(F(), hue), hn::Set(F(), hue_factor_),
                                                 hn::Set(F(), hue_bias_)));
        const auto circle = hn::Set(F(), 180.0f);
        return hn::Sub(turned, hn::IfThenElseZero(hn::Ge(turned, circle), circle));
    }

    static HWY_INLINE VF gain(VI x, float factor) {
        const auto product = hn::Mul(hn::ConvertTo(F(), x), hn::Set(F(), factor));
        return hn::Floor(hn::Min(product, hn::Set(F(), 255.0f)));
    }

    // 1 where the hue lacks the channel, 0 where it is the channel: 1 − clamp(2 − |hue − middle|,
    // 0, 1).
    static HWY_INLINE VF lack(VF hue, float middle) {
        const auto away = hn::Abs(hn::Sub(hue, hn::Set(F(), middle)));
        return hn::Min(hn::Max(hn::Sub(away, hn::Set(F(), 1.0f)), hn::Zero(F())),
                       hn::Set(F(), 1.0f));
    }

    static HWY_INLINE void store(VF channel, std::uint8_t* to) {
        const auto byte = hn::And(nearest_plus_rounder(channel), hn::Set(I(), 255));
        hn::StoreU(hn::U8FromU32(hn::BitCast(U(), byte)), B(), to);
    }

    const float* hues_;
    float hue_factor_, hue_bias_, saturation_, value_;
};

template <typename Change>
HWY_INLINE void ChangeColours(const Change change, int n, std::uint8_t* red, std::uint8_t* green,
                              std::uint8_t* blue) {
    const typename Change::I ints;
    const typename Change::B narrow;
    const int lanes = static_cast<int>(hn::Lanes(ints));
    for (int i = 0; i < n; i += lanes)
        change(hn::PromoteTo(ints, hn::LoadU(narrow, red + i)),
               hn::PromoteTo(ints, hn::LoadU(narrow, green + i)),
               hn::PromoteTo(ints, hn::LoadU(narrow, blue + i)), red + i, green + i, blue + i);
}

void ColourRow(const std::uint8_t* rgb, int n, const ColourTables* tables, std::uint8_t* red,
               std::uint8_t* green, std::uint8_t* blue) {
    const hn::CappedTag<std::uint8_t, 64> bytes;
    const int step = static_cast<int>(hn::Lanes(bytes));
    for (int i = 0; i < n; i += step) {
        auto r = hn::Zero(bytes), g = r, b = r;
        hn::LoadInterleaved3(bytes, rgb + 3 * i, r, g, b);
        hn::StoreU(r, bytes, red + i);
        hn::StoreU(g, bytes, green + i);
        hn::StoreU(b, bytes, blue + i);
    }
    if (tables == nullptr) return;
    if (tables->hue_is_linear)
        ChangeColours(ColourChange<true>(*tables), n, red, green, blue);
    else
        ChangeColours(ColourChange<false>(*tables), n, red, green, blue);
}

void InterleaveRow(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
                   int n, std::uint8_t* rgb) {
    const hn::CappedTag<std::uint8_t, 64> bytes;
    const int step = static_cast<int>(hn::Lanes(bytes));
    int i = 0;
    for (; i + step <= n; i += step)
        hn::StoreInterleaved3(hn::LoadU(bytes, red + i), hn::LoadU(bytes, green + i),
                              hn::LoadU(bytes, blue + i), bytes, rgb + 3 * i);
    for (; i < n; ++i) rgb[3 * i] = red[i], rgb[3 * i + 1] = green[i], rgb[3 * i + 2] = blue[i];
}

#endif

}  // namespace yolodata::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace yolodata {

HWY_EXPORT(ColourRow);
HWY_EXPORT(InterleaveRow);

void colour_row(const std::uint8_t* rgb, int n, const ColourTables* tables, std::uint8_t* red,
                std::uint8_t* green, std::uint8_t* blue) {
    HWY_DYNAMIC_DISPATCH(ColourRow)(rgb, n, tables, red, green, blue);
}

void interleave_row(const std::uint8_t* red, const std::uint8_t* green, const std::uint8_t* blue,
                    int n, std::uint8_t* rgb) {
    HWY_DYNAMIC_DISPATCH(InterleaveRow)(red, green, blue, n, rgb);
}

}  // namespace yolodata
#endif
