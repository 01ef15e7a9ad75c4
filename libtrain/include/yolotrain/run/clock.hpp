// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

namespace yolotrain {

/// Where a run takes its time from; tests put in their own.
struct Clock {
    std::function<std::chrono::system_clock::time_point()> now = [] { return std::chrono::system_clock::now(); };
    /// Seconds that only ever grow.
    std::function<double()> seconds = [] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    };
};

}  // namespace yolotrain
