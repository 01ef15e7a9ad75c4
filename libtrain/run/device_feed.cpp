// SPDX-License-Identifier: Apache-2.0
#include "device_feed.hpp"

#include <ATen/ATen.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <utility>

namespace yolotrain {

// Streams and events by c10's generic interface: nothing of CUDA is needed to compile this.
DeviceFeed::DeviceFeed(Source source, at::Device device, Ahead ahead)
    : source_(std::move(source)), device_(device), ahead_(ahead == Ahead::always || !device.is_cpu()) {
    if (!device_.is_cpu()) stream_ = c10::impl::VirtualGuardImpl(device_.type()).getStreamFromGlobalPool(device_);
}

DeviceFeed::Copied DeviceFeed::copy(std::int64_t epoch, std::int64_t step) {
    Copied copied{epoch, step, source_.batch(epoch, step), std::nullopt};
    if (!stream_) return copied;
    const c10::StreamGuard guard(*stream_);
    const auto there = [&](const at::Tensor& tensor) { return tensor.pin_memory().to(device_, /*non_blocking=*/true); };
    copied.batch.images = there(copied.batch.images);
    copied.batch.targets = there(copied.batch.targets);
    copied.done.emplace(device_.type());
    copied.done->record(*stream_);
    return copied;
}

void DeviceFeed::copy_after(std::int64_t epoch, std::int64_t step) {
    next_.reset();
    const bool last = step + 1 == source_.steps;
    if (last && epoch + 1 >= source_.epochs) return;
    try {
        next_.emplace(last ? copy(epoch + 1, 0) : copy(epoch, step + 1));
    } catch (...) {
        // The batch before it is good and its step counts: whoever asks for this one is told.
    }
}

void DeviceFeed::hand_over(Copied& copied) const {
    if (!copied.done) return;
    const c10::Stream current = c10::impl::VirtualGuardImpl(device_.type()).getStream(device_);
    copied.done->block(current);
    // Made on the one stream and freed while the other may use them still: the allocator must know.
    for (const at::Tensor& tensor : {copied.batch.images, copied.batch.targets}) tensor.record_stream(current);
}

Batch DeviceFeed::batch(std::int64_t epoch, std::int64_t step) {
    if (!ahead_) return source_.batch(epoch, step);
    const bool here = next_ && next_->epoch == epoch && next_->step == step;
    Copied now = here ? std::move(*next_) : copy(epoch, step);
    copy_after(epoch, step);
    hand_over(now);
    return std::move(now.batch);
}

}  // namespace yolotrain
