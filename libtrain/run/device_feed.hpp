// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/Event.h>
#include <c10/core/Stream.h>

#include <cstdint>
#include <functional>
#include <optional>

#include "yolotrain/data/batch.hpp"

namespace yolotrain {

/// A loader's batches on the device that trains. On the CPU they are the loader's own. For another device the batch
/// after the one asked for is copied there already, from pinned memory and on a stream of its own, beside the step's
/// work. One thread asks.
class DeviceFeed {
   public:
    struct Source {
        std::function<Batch(std::int64_t epoch, std::int64_t step)> batch;
        std::int64_t steps = 0;   ///< an epoch
        std::int64_t epochs = 0;  ///< nothing is made ahead past the last
    };
    enum class Ahead {
        by_device,  ///< not on the CPU, where there is nothing to copy
        always,     ///< on the CPU too: what the tests look at
    };

    DeviceFeed(Source source, at::Device device, Ahead ahead = Ahead::by_device);

    /// As TrainLoader::batch(); the current stream waits for the copy. What goes wrong with the batch after is no error
    /// of this one: it comes when that one is asked for, if it goes wrong again.
    Batch batch(std::int64_t epoch, std::int64_t step);

   private:
    struct Copied {
        std::int64_t epoch, step;
        Batch batch;
        std::optional<c10::Event> done;  ///< none on the CPU
    };
    Copied copy(std::int64_t epoch, std::int64_t step);
    void copy_after(std::int64_t epoch, std::int64_t step);
    /// Lets the current stream wait for the copy.
    void hand_over(Copied& copied) const;

    const Source source_;
    const at::Device device_;
    const bool ahead_;
    std::optional<c10::Stream> stream_;  ///< of the copies; none on the CPU
    std::optional<Copied> next_;
};

}  // namespace yolotrain
