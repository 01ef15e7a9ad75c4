// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <shared_mutex>
#include <string>
#include <vector>

namespace yolotrain {

/// A record that cannot be trained on, and how a person finds it.
struct BadRecord {
    std::uint64_t record = 0;  ///< number within the split
    std::string shard;         ///< path of the shard file
    std::string image;         ///< path in the source dataset
    std::string reason;        ///< "its checksum does not hold"
};

/// The records of a shard set that are known to be bad, ascending by number. It only grows. Thread-safe.
class Quarantine {
   public:
    explicit Quarantine(std::vector<BadRecord> known = {});

    bool contains(std::uint64_t record) const;
    /// false if the record was known already.
    bool add(BadRecord bad);
    std::vector<BadRecord> list() const;
    std::size_t size() const { return size_.load(std::memory_order_acquire); }

   private:
    mutable std::shared_mutex mutex_;
    std::vector<BadRecord> records_;
    std::atomic<std::size_t> size_;  ///< lets contains() pass without the lock while all is well
};

}  // namespace yolotrain
