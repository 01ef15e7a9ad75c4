// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "yolodata/augment/sample.hpp"
#include "yolodata/image/picture.hpp"
#include "yolotrain/eval/eval_source.hpp"

namespace yolotrain::detail {

/// A picture as the network takes it, made in a worker thread.
struct EvalPicture {
    std::size_t number = 0;  ///< in the source
    bool readable = false;
    std::vector<std::uint8_t> planes;       ///< [3, H, W], RGB
    std::vector<yolodata::PixelBox> boxes;  ///< in pixels of the network's input, unclipped
};

/// Picture `number`, letterboxed to width × height without enlarging it, and its boxes with it.
EvalPicture load_picture(const EvalSource& source, std::size_t number, int imgsz, int width,
                         int height);

/// Interleaved rows to planes.
std::vector<std::uint8_t> to_planes(const yolodata::Picture& picture);

}  // namespace yolotrain::detail
