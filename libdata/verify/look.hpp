// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "perceptual_hash.hpp"
#include "yolodata/core/finding.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/picture.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {

/// What is kept of a picture's looks to find its copies: about 100 bytes.
struct Look {
    PerceptualHash hash;
    std::uint64_t thumbnail = 0;  ///< hash of the thumbnail's very numbers
    std::uint32_t width = 0, height = 0;
    float mean = 0;       ///< gray level
    bool known = false;   ///< the picture decodes whole
    bool flat = false;    ///< next to nothing to be seen: its perceptual hash is noise
    bool scaled = false;  ///< the thumbnail was made from a reduced decode (JPEG)
};
Look look_at(const GrayThumbnail& thumbnail, const ImageReport& report);

/// Every pixel has the same colour within 2 levels a channel. A thumbnail that rules it out saves
/// the whole decode.
bool may_be_blank(const GrayThumbnail& thumbnail);
bool is_blank(const Picture& picture);

/// What --quality says of a picture: rules image/dark, bright, blurry, low-information, odd-aspect.
struct QualityRemark {
    const char* rule;
    std::string message;
};
std::vector<QualityRemark> judge_quality(const Picture& picture);

}  // namespace yolodata
