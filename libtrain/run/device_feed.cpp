// SPDX-License-Identifier: Apache-2.0
#include "device_feed.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

namespace yolotrain {

// Streams and events by c10's generic interface: nothing of CUDA is needed to compile this.
DeviceFeed::DeviceFeed(TrainLoader& loader, at::Device device, std::int64_t epochs)
    : loader_(loader), device_(device), epochs_(epochs) {
    if (device_.is_cpu()) return;
    stream_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

DeviceFeed::Copied DeviceFeed::copy(std::int64_t epoch, std::int64_t step) {
    const c10::StreamGuard guard(*stream_);
    Copied copied{epoch, step, loader_.batch(epoch, step), c10::Event(device_.type())};
    const auto there = [&](const at::Tensor& tensor) { return tensor.pin_memory().to(device_, /*non_blocking=*/true); };
    copied.batch.images = there(copied.batch.images);
    copied.batch.targets = there(copied.batch.targets);
    copied.done.record(*stream_);
    return copied;
}

void DeviceFeed::copy_after(std::int64_t epoch, std::int64_t step) {
    next_.reset();
    const bool last = step + 1 == loader_.steps();
    if (!last) {
        next_.emplace(copy(epoch, step + 1));
    } else if (epoch + 1 < epochs_) {
        next_.emplace(copy(epoch + 1, 0));
    }
}

Batch DeviceFeed::batch(std::int64_t epoch, std::int64_t step) {
    if (!stream_) return loader_.batch(epoch, step);
    const bool here = next_ && next_->epoch == epoch && next_->step == step;
    Copied now = here ? std::move(*next_) : copy(epoch, step);
    copy_after(epoch, step);
    const c10::Stream current = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    now.done.block(current);
    // Made on the one stream and freed while the other may use them still: the allocator must know.
    for (const at::Tensor& tensor : {now.batch.images, now.batch.targets}) tensor.record_stream(current);
    return std::move(now.batch);
}

}  // namespace yolotrain
