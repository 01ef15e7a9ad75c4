// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "yolodata/image/picture.hpp"
#include "yolodata/shard/reader.hpp"

namespace tools {

/// The picture that `payload` holds. `info` comes from the record's labels, which say nothing
/// certain of the payload: Error(corrupt) where it does not have the length of such a picture, or
/// does not decode.
yolodata::Picture record_picture(const yolodata::shard::RecordInfo& info,
                                 std::vector<std::uint8_t> payload);

}  // namespace tools
