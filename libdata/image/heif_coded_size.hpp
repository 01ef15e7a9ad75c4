// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace yolodata {

/// Pixels; 0 × 0 = not said.
struct CodedSize {
    std::uint64_t width = 0, height = 0;
    std::uint64_t pixels() const { return width * height; }
};

/// The largest picture that the sequence headers in a run of AV1 OBUs allow (AV1 specification, 5.3
/// to 5.5): what a decoder may have to make room for, whatever the file's boxes say.
CodedSize av1_size(std::span<const std::byte> obus);

/// The size in one HEVC NAL unit, where that is a sequence parameter set (ITU-T H.265, 7.3.2.2).
CodedSize hevc_size(std::span<const std::byte> nal_unit);

/// The same of the sequence parameter sets in an hvcC box (ISO/IEC 14496-15, 8.3.3.1).
CodedSize hevc_config_size(std::span<const std::byte> hvcc);

/// The same of an item's NAL units, each behind its length in `length_size` bytes (1…4).
CodedSize hevc_item_size(std::span<const std::byte> item, std::size_t length_size);

}  // namespace yolodata
