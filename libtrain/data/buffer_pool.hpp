// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace yolotrain {

/// Byte buffers of one size that are used again instead of freed: a batch of pictures is megabytes, and
/// fresh pages for each step would cost a page fault every 4 KiB. Thread-safe. A lease may outlive the pool.
class BufferPool {
   public:
    using Lease = std::shared_ptr<std::uint8_t>;

    explicit BufferPool(std::size_t bytes) : shelf_(std::make_shared<Shelf>()) { shelf_->bytes = bytes; }

    Lease take() {
        std::unique_ptr<std::uint8_t[]> buffer;
        {
            const std::lock_guard lock(shelf_->mutex);
            if (!shelf_->free.empty()) {
                buffer = std::move(shelf_->free.back());
                shelf_->free.pop_back();
            } else {
                ++shelf_->made;
            }
        }
        if (!buffer) buffer = std::make_unique_for_overwrite<std::uint8_t[]>(shelf_->bytes);
        return {buffer.release(), [shelf = shelf_](std::uint8_t* bytes) {
                    const std::lock_guard lock(shelf->mutex);
                    shelf->free.emplace_back(bytes);
                }};
    }

    /// Of all buffers made so far, leased or free.
    std::uint64_t total_bytes() const {
        const std::lock_guard lock(shelf_->mutex);
        return shelf_->made * shelf_->bytes;
    }

   private:
    struct Shelf {
        std::mutex mutex;
        std::vector<std::unique_ptr<std::uint8_t[]>> free;
        std::size_t bytes = 0;
        std::uint64_t made = 0;
    };
    std::shared_ptr<Shelf> shelf_;
};

}  // namespace yolotrain
