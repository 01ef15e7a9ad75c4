// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace yolotrain {

/// A wish to stop, set by any thread (the tool's signal thread, a test) and looked at by the training at
/// the next step boundary.
class StopFlag {
   public:
    void request(int signal) { signal_.store(signal, std::memory_order_release); }
    /// 0 = go on; else the number of the signal.
    int signal() const { return signal_.load(std::memory_order_acquire); }
    explicit operator bool() const { return signal() != 0; }

   private:
    std::atomic<int> signal_{0};
};

}  // namespace yolotrain
