// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace yolodata::pack {

/// Bytes that may be in use at the same time. Whoever wants more than is free waits; a wish over the whole
/// budget is granted when nothing else is in use, so that no picture is too large to be packed at all.
class MemoryBudget {
   public:
    explicit MemoryBudget(std::uint64_t bytes) : limit_(bytes) {}

    /// Held until its scope ends. A thread may hold one at a time: holding one and waiting for another
    /// could block for ever.
    class Share {
       public:
        Share(MemoryBudget& budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) { budget_.acquire(bytes_); }
        ~Share() { budget_.release(bytes_); }
        Share(const Share&) = delete;
        Share& operator=(const Share&) = delete;

       private:
        MemoryBudget& budget_;
        std::uint64_t bytes_;
    };

    std::uint64_t peak() const { return peak_; }

   private:
    void acquire(std::uint64_t bytes) {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [&] { return used_ == 0 || (used_ <= limit_ && bytes <= limit_ - used_); });
        used_ += bytes;
        peak_ = std::max(peak_, used_);
    }
    void release(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        used_ -= bytes;
        freed_.notify_all();
    }

    const std::uint64_t limit_;
    std::mutex mutex_;
    std::condition_variable freed_;
    std::uint64_t used_ = 0, peak_ = 0;
};

}  // namespace yolodata::pack
