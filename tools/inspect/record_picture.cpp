// SPDX-License-Identifier: Apache-2.0
#include "inspect/record_picture.hpp"

#include <span>
#include <utility>

#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"

namespace tools {

yolodata::Picture record_picture(const yolodata::shard::RecordInfo& info,
                                 std::vector<std::uint8_t> payload) {
    if (info.codec == yolodata::shard::Codec::jpeg)
        return yolodata::decode(std::as_bytes(std::span(payload)), {.apply_exif = false});
    const bool fits = info.width > 0 && info.height > 0 &&
                      std::uint64_t{3} * static_cast<std::uint64_t>(info.width) *
                              static_cast<std::uint64_t>(info.height) ==
                          payload.size();
    if (!fits)
        throw yolodata::Error(yolodata::ErrorKind::corrupt,
                              "its picture and its labels do not belong together");
    yolodata::Picture picture;
    picture.width = info.width;
    picture.height = info.height;
    picture.rgb = std::move(payload);
    return picture;
}

}  // namespace tools
