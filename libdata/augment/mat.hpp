// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <opencv2/core.hpp>

#include "yolodata/augment/picture_view.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

/// A picture's pixels as a cv::Mat, nothing copied: valid while the picture lives and keeps its
/// size.
inline cv::Mat as_mat(Picture& picture) {
    return {picture.height, picture.width, CV_8UC3, picture.rgb.data()};
}
inline cv::Mat as_mat(const Picture& picture) {  // only ever read from
    return {picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.rgb.data())};
}

inline cv::Mat as_mat(const PictureView& picture) {  // only ever read from
    return {picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.rgb),
            picture.stride};
}

}  // namespace yolodata
