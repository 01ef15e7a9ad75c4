// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/precision.hpp"

#include <ATen/Context.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "yolodata/core/error.hpp"

namespace yolotrain {

using yolodata::Error;
using yolodata::ErrorKind;

std::string_view to_string(Precision precision) {
    switch (precision) {
        case Precision::bfloat16:
            return "bfloat16";
        case Precision::float16:
            return "float16";
        case Precision::float32:
            break;
    }
    return "float32";
}

Precision parse_precision(std::string_view name) {
    for (const Precision p : {Precision::float32, Precision::bfloat16, Precision::float16}) {
        if (to_string(p) == name) return p;
    }
    throw Error(ErrorKind::unsupported, "unknown precision " + std::string(name));
}

bool cpu_has_bfloat16() {
#if defined(__x86_64__)
    // The compiler's check includes that the system saves the registers.
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512vl") || !__builtin_cpu_supports("avx512dq")) {
        return false;
    }
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (__get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & (1U << 5)) != 0) return true;  // AVX512-BF16
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & (1U << 22)) != 0;           // AMX-BF16
#else
    return false;
#endif
}

Precision precision_of(Amp amp, const std::string& device) {
    const bool cpu = device == "cpu";
    switch (amp) {
        case Amp::off:
            break;
        case Amp::bf16:
            return Precision::bfloat16;
        case Amp::fp16:
            if (!cpu) return Precision::float16;
            throw Error(ErrorKind::unsupported,
                        "float16 is not trained on a CPU; use --amp bf16, or --amp auto, which takes what is fast here");
        case Amp::automatic:
            if (!cpu) return Precision::float16;
            if (cpu_has_bfloat16() && at::hasMKLDNN()) return Precision::bfloat16;
    }
    return Precision::float32;
}

}  // namespace yolotrain
