// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "buffer_pool.hpp"
#include "yolodata/augment/sample.hpp"
#include "yolotrain/data/batch.hpp"

namespace yolotrain {

/// A batch while its samples are being made. Each sample writes its own slice, so that the makers need no
/// lock; the counters belong to the loader's mutex.
struct PendingBatch {
    PendingBatch(std::int64_t epoch_, std::int64_t step_, int size_, int imgsz_, BufferPool::Lease pixels_);

    /// Stores a made sample at `index`: pixels from interleaved to planar, boxes normalised.
    void store(int index, const yolodata::Sample& sample, std::uint64_t record);
    /// The finished batch; its tensor keeps the pixel buffer leased.
    Batch finish() const;

    bool is(std::int64_t other_epoch, std::int64_t other_step) const {
        return epoch == other_epoch && step == other_step;
    }

    std::int64_t epoch, step;
    int size, imgsz;
    BufferPool::Lease pixels;
    std::vector<std::vector<yolodata::Box>> boxes;
    std::vector<std::uint64_t> records;

    // Guarded by the loader's mutex.
    int claimed = 0;  ///< samples given to a thread
    int made = 0;
    std::exception_ptr error;
};

}  // namespace yolotrain
