// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace yolodata {

/// One account for the large files in work. Small ones never come here, so nothing waits on the hot
/// path.
class MemoryGate {
 public:
    explicit MemoryGate(std::uint64_t limit) : limit_(limit) {}

    bool fits(std::uint64_t bytes) const { return bytes <= limit_; }

    /// Waits until `bytes` fit beside what others hold; one that is larger than the limit waits to
    /// be alone. Who holds a share must not ask for another before it is released.
    void acquire(std::uint64_t bytes) {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [&] { return held_ == 0 || held_ + bytes <= limit_; });
        held_ += bytes;
    }
    void release(std::uint64_t bytes) {
        {
            const std::scoped_lock lock(mutex_);
            held_ -= bytes;
        }
        freed_.notify_all();
    }

 private:
    std::mutex mutex_;
    std::condition_variable freed_;
    std::uint64_t limit_, held_ = 0;
};

/// A share of a gate, given back at the end of the scope: also where an exception ends it, as
/// others may be waiting.
class MemoryShare {
 public:
    MemoryShare(MemoryGate& gate, std::uint64_t bytes) : gate_(gate), bytes_(bytes) {
        gate_.acquire(bytes_);
    }
    ~MemoryShare() { gate_.release(bytes_); }
    MemoryShare(const MemoryShare&) = delete;
    MemoryShare& operator=(const MemoryShare&) = delete;

 private:
    MemoryGate& gate_;
    const std::uint64_t bytes_;
};

}  // namespace yolodata
