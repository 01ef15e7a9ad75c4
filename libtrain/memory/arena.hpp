// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace yolotrain {

/// Memory for large blocks in ranges of pages mapped by itself: best fit, neighbours joined. What is given back
/// is kept and handed out again, so that a step does not pay for clearing pages that the one before had; and
/// nothing small lies between the blocks, which is what lets malloc's heap grow without end. Thread-safe.
class Arena {
   public:
    static constexpr std::size_t page = 4096;
    /// What is mapped at once for smaller blocks.
    static constexpr std::size_t chunk = std::size_t{16} << 20;

    struct Use {
        std::size_t in_use = 0;       ///< bytes handed out, in whole pages
        std::size_t held = 0;         ///< bytes mapped
        std::size_t peak_in_use = 0;
    };

    Arena() = default;
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    /// At least `bytes` (> 0) bytes, page-aligned, of unspecified content; nullptr if the system has none left.
    void* allocate(std::size_t bytes);
    /// false: not handed out by this arena.
    bool release(void* block);
    /// Unmaps what is free. Nothing in use moves.
    void trim();
    Use use() const;
    /// Counts the peak from here on.
    void reset_peak();

   private:
    using Address = std::byte*;
    void add_free(Address at, std::size_t bytes);
    void remove_free(std::map<Address, std::size_t>::iterator range);
    Address take(std::size_t bytes);
    bool grow(std::size_t bytes);

    mutable std::mutex mutex_;
    std::map<Address, std::size_t> free_;                 ///< by address, never touching each other
    std::set<std::pair<std::size_t, Address>> by_size_;   ///< the same ranges
    std::unordered_map<void*, std::size_t> used_;
    Use use_;
};

}  // namespace yolotrain
