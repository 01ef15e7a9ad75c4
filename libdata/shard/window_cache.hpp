// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "shard/shard_file.hpp"

namespace yolodata::shard {

/// A part of a shard mapped into memory; unmapped when its last user lets go of it.
class Window {
   public:
    /// Null if the range cannot be mapped (address space, a vanished file): callers then read by pread.
    static std::shared_ptr<const Window> map(const ShardFile& file, std::uint64_t offset, std::uint64_t length);
    ~Window();
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    bool covers(std::uint64_t offset, std::uint64_t length) const {
        return offset >= offset_ && length <= length_ && offset - offset_ <= length_ - length;
    }
    const std::byte* at(std::uint64_t offset) const { return data_ + (offset - offset_); }
    std::uint64_t length() const { return length_; }
    std::uint64_t end() const { return offset_ + length_; }  ///< offset in the file behind the last byte

   private:
    Window(const std::byte* data, std::uint64_t offset, std::uint64_t length)
        : data_(data), offset_(offset), length_(length) {}
    const std::byte* data_;
    std::uint64_t offset_, length_;
};

/// The windows in use, at most `budget` bytes of them (one is always allowed): the least recently used go
/// first. Whole shards are never mapped at once, so that reading works under `ulimit -v` and the mapped
/// part of a set stays bounded whatever its size. Thread-safe.
class WindowCache {
   public:
    WindowCache(std::uint64_t window_bytes, std::uint64_t budget) : window_bytes_(window_bytes), budget_(budget) {}

    /// A window that covers the range; null if it cannot be mapped.
    std::shared_ptr<const Window> get(const ShardFile& file, std::size_t shard, std::uint64_t offset,
                                      std::uint64_t length);
    /// The window of this place if there is one; null else.
    std::shared_ptr<const Window> find(std::size_t shard, std::uint64_t offset) const;
    /// Forgets the windows of a range, after a fault or before reading anew from the disk.
    void drop(std::size_t shard, std::uint64_t offset);
    std::uint64_t mapped_bytes() const;

   private:
    using Key = std::uint64_t;
    struct Slot {
        Key key;
        std::shared_ptr<const Window> window;
    };
    Key key_of(std::size_t shard, std::uint64_t offset) const;
    void insert(Key key, std::shared_ptr<const Window> window);

    const std::uint64_t window_bytes_, budget_;
    mutable std::mutex mutex_;
    std::list<Slot> recent_;  ///< most recently used first
    std::unordered_map<Key, std::list<Slot>::iterator> slots_;
    std::uint64_t mapped_ = 0;
};

}  // namespace yolodata::shard
