// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "yolodata/augment/picture_view.hpp"
#include "yolodata/augment/sample.hpp"
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
           pad_y = 0;           ///< the unrounded padding, as Ultralytics uses it to map boxes back
    int width = 0, height = 0;  ///< of the picture inside, px
};

/// Where letterbox() would put a picture of source_width × source_height.
Letterbox place_letterbox(int source_width, int source_height, int width, int height,
                          bool scale_up);
std::vector<PixelBox> letterbox_boxes(const std::vector<PixelBox>& boxes, const Letterbox& where);

/// To width × height px by INTER_LINEAR.
Picture resize(const PictureView& picture, int width, int height);

/// Ultralytics' LetterBox: ratio min(new/old), each side at least 1 px, centred padding of value
/// 114, INTER_LINEAR. scale_up = false never enlarges (validation).
Picture letterbox(const Picture& picture, int width, int height, bool scale_up,
                  Letterbox* where = nullptr);

}  // namespace yolodata
