// SPDX-License-Identifier: Apache-2.0
#include "pending_batch.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace yolotrain {

PendingBatch::PendingBatch(std::int64_t epoch_, std::int64_t step_, int size_, int imgsz_, BufferPool::Lease pixels_)
    : epoch(epoch_),
      step(step_),
      size(size_),
      imgsz(imgsz_),
      pixels(std::move(pixels_)),
      boxes(static_cast<std::size_t>(size_)),
      records(static_cast<std::size_t>(size_)) {}

std::uint8_t* PendingBatch::planes(int index) const {
    return pixels.get() + static_cast<std::size_t>(index) * 3 * static_cast<std::size_t>(imgsz) *
                              static_cast<std::size_t>(imgsz);
}

void PendingBatch::store(int index, const std::vector<yolodata::PixelBox>& sample_boxes, std::uint64_t record) {
    const auto slot = static_cast<std::size_t>(index);
    boxes[slot] = yolodata::to_normalised(sample_boxes, imgsz, imgsz);
    records[slot] = record;
}

Batch PendingBatch::finish() const {
    Batch batch;
    // The deleter's copy of the lease is what keeps the buffer from being used again.
    batch.images = at::from_blob(pixels.get(), {size, 3, imgsz, imgsz}, [lease = pixels](void*) {}, at::kByte);
    std::int64_t rows = 0;
    for (const auto& of_image : boxes) rows += static_cast<std::int64_t>(of_image.size());
    batch.targets = at::empty({rows, 6}, at::kFloat);
    float* row = batch.targets.data_ptr<float>();
    for (std::size_t image = 0; image < boxes.size(); ++image) {
        for (const auto& box : boxes[image]) {
            const float values[] = {static_cast<float>(image), static_cast<float>(box.cls), box.x, box.y, box.w, box.h};
            row = std::copy(std::begin(values), std::end(values), row);
        }
    }
    batch.records = records;
    return batch;
}

}  // namespace yolotrain
