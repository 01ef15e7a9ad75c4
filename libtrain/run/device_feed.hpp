// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <optional>

#include "yolotrain/data/batch.hpp"
#include "yolotrain/data/loader.hpp"

namespace yolotrain {

/// A loader's batches on the device that trains. On the CPU they are the loader's own. For another device the batch
/// after the one asked for is copied there already, from pinned memory and on a stream of its own, beside the step's
/// work. One thread asks.
class DeviceFeed {
   public:
    /// `loader` must outlive this. Nothing is copied ahead past the last of `epochs`.
    DeviceFeed(TrainLoader& loader, at::Device device, std::int64_t epochs);

    /// As TrainLoader::batch(); the current stream waits for the copy.
    Batch batch(std::int64_t epoch, std::int64_t step);

   private:
    struct Copied {
        std::int64_t epoch, step;
        Batch batch;
        c10::Event done;
    };
    Copied copy(std::int64_t epoch, std::int64_t step);
    void copy_after(std::int64_t epoch, std::int64_t step);

    TrainLoader& loader_;
    const at::Device device_;
    const std::int64_t epochs_;
    std::optional<c10::Stream> stream_;  ///< of the copies; none on the CPU
    std::optional<Copied> next_;
};

}  // namespace yolotrain
