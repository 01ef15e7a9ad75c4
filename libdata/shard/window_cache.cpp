// SPDX-License-Identifier: Apache-2.0
#include "shard/window_cache.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

namespace yolodata::shard {

std::shared_ptr<const Window> Window::map(const ShardFile& file, std::uint64_t offset, std::uint64_t length) {
    const ScopedFd fd = file.descriptor();
    struct stat st;
    // Pages beyond the end of a file that shrank would only fault: let the reader find out by pread.
    if (!fd || ::fstat(fd.get(), &st) != 0 || static_cast<std::uint64_t>(st.st_size) < offset + length) return nullptr;
    void* data = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, fd.get(), static_cast<off_t>(offset));
    if (data == MAP_FAILED) return nullptr;
    return std::shared_ptr<const Window>(new Window(static_cast<const std::byte*>(data), offset, length));
}

Window::~Window() { ::munmap(const_cast<std::byte*>(data_), length_); }

WindowCache::Key WindowCache::key_of(std::size_t shard, std::uint64_t offset) const {
    constexpr int shard_shift = 40;  // 2^40 windows of a shard, 2^24 shards
    return (static_cast<Key>(shard) << shard_shift) | (offset / window_bytes_);
}

std::shared_ptr<const Window> WindowCache::get(const ShardFile& file, std::size_t shard, std::uint64_t offset,
                                               std::uint64_t length) {
    const Key key = key_of(shard, offset);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = slots_.find(key); found != slots_.end()) {
            recent_.splice(recent_.begin(), recent_, found->second);
            if (recent_.front().window->covers(offset, length)) return recent_.front().window;
        }
    }
    // A record that reaches over the window's end makes this window longer; the next one starts on the grid.
    const std::uint64_t begin = offset / window_bytes_ * window_bytes_;
    const std::uint64_t end = std::min(file.size(), std::max(begin + window_bytes_, offset + length));
    auto window = Window::map(file, begin, end - begin);
    if (!window) {
        // The address space may be full of our own windows: give them back and try once more.
        const std::lock_guard lock(mutex_);
        slots_.clear();
        recent_.clear();
        mapped_ = 0;
    }
    if (!window) window = Window::map(file, begin, end - begin);
    if (window) insert(key, window);
    return window;
}

void WindowCache::insert(Key key, std::shared_ptr<const Window> window) {
    const std::lock_guard lock(mutex_);
    if (const auto old = slots_.find(key); old != slots_.end()) {
        mapped_ -= old->second->window->length();
        recent_.erase(old->second);
        slots_.erase(old);
    }
    mapped_ += window->length();
    recent_.push_front({key, std::move(window)});
    slots_[key] = recent_.begin();
    while (mapped_ > budget_ && recent_.size() > 1) {
        mapped_ -= recent_.back().window->length();
        slots_.erase(recent_.back().key);
        recent_.pop_back();
    }
}

std::shared_ptr<const Window> WindowCache::find(std::size_t shard, std::uint64_t offset) const {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(key_of(shard, offset));
    return found == slots_.end() ? nullptr : found->second->window;
}

void WindowCache::drop(std::size_t shard, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    const auto found = slots_.find(key_of(shard, offset));
    if (found == slots_.end()) return;
    mapped_ -= found->second->window->length();
    recent_.erase(found->second);
    slots_.erase(found);
}

std::uint64_t WindowCache::mapped_bytes() const {
    const std::lock_guard lock(mutex_);
    return mapped_;
}

}  // namespace yolodata::shard
