// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace yolotrain {

/// What a network computes in while training. Parameters, statistics, the loss and the weights' average are
/// float32 in any case.
enum class Precision { float32, bfloat16, float16 };
std::string_view to_string(Precision);             ///< "float32" …
Precision parse_precision(std::string_view name);  ///< throws yolodata::Error(unsupported)

/// --amp: automatic = the fastest that the device computes in hardware, once a self-check has passed.
enum class Amp { off, automatic, bf16, fp16 };

/// What `amp` asks for on a device ("cpu", "cuda:0"). Throws yolodata::Error(unsupported) for float16 on
/// the CPU, which trains in bfloat16 or float32.
Precision precision_of(Amp amp, const std::string& device);

/// true if this CPU multiplies bfloat16 in hardware (AVX512-BF16 or AMX); without, it is 10 to 20 times
/// slower than float32.
bool cpu_has_bfloat16();

/// Factor of the loss in float16, whose gradients would vanish without one. Halved when a gradient
/// overflows, doubled after `interval` good steps (Micikevicius et al. 2018, "Mixed Precision Training";
/// the numbers are PyTorch's GradScaler's). 1 in other precisions.
struct LossScale {
    static constexpr double start = 65536;
    static constexpr std::int64_t interval = 2000;

    double factor = 1;
    std::int64_t good_steps = 0;  ///< since the last change

    static LossScale of(Precision precision) {
        LossScale scale;
        if (precision == Precision::float16) scale.factor = start;
        return scale;
    }
    void succeeded(Precision precision) {
        if (precision != Precision::float16 || ++good_steps < interval) return;
        factor *= 2;
        good_steps = 0;
    }
    /// false: the factor cannot be to blame.
    bool overflowed() {
        if (factor <= 1) return false;
        factor /= 2;
        good_steps = 0;
        return true;
    }
    bool operator==(const LossScale&) const = default;
};

}  // namespace yolotrain
