// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "yolodata/image/picture.hpp"

namespace yolodata {

/// Size of a width × height picture after Ultralytics' load step: the long side becomes imgsz, the
/// other min(ceil(side · imgsz / long), imgsz).
std::pair<int, int> resized_to_long_side(int width, int height, int imgsz);
/// The resize itself (OpenCV INTER_LINEAR); a picture of that size already is returned as it is.
Picture resize_to_long_side(Picture picture, int imgsz);

/// Where a letterboxed picture lies: source · scale + pad = network pixels.
struct Letterbox {
    double scale_x = 1, scale_y = 1;  ///< ratio new/old
    int left = 0, top = 0;            ///< padding, px
    double pad_x = 0,
           pad_y = 0;  ///< the unrounded padding, as Ultralytics uses it to map boxes back
};

/// Ultralytics' LetterBox: ratio min(new/old), each side at least 1 px, centred padding of value
/// 114, INTER_LINEAR. scale_up = false never enlarges (validation).
Picture letterbox(const Picture& picture, int width, int height, bool scale_up,
                  Letterbox* where = nullptr);

}  // namespace yolodata
