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

    /// Where the pixels of the sample at `index` go: [3, imgsz, imgsz].
    std::uint8_t* planes(int index) const;
    /// Stores the boxes (px) of the sample at `index`, and its record.
    void store(int index, const std::vector<yolodata::PixelBox>& sample_boxes, std::uint64_t record);
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
