// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "heif_boxes.hpp"

namespace yolodata {

/// Calls each(NAL unit) for the units in an hvcC box (ISO/IEC 14496-15, 8.3.3.1). What is cut short
/// is given as far as it goes.
template <class Each>
void for_each_config_unit(std::span<const std::byte> hvcc, Each&& each) {
    if (hvcc.size() < 23) return;
    BoxReader read(hvcc.subspan(22));
    for (std::uint32_t arrays = read.u8(); arrays > 0 && !read.failed(); --arrays) {
        read.u8();
        for (std::uint32_t units = read.u16(); units > 0 && !read.failed(); --units) {
            const std::size_t stated = read.u16();
            const std::span<const std::byte> rest = read.rest();
            if (rest.empty()) return;
            const std::size_t length = std::min(stated, rest.size());
            each(rest.first(length));
            read = BoxReader(rest.subspan(length));
        }
    }
}

/// The same for the units of an item, each behind its length in `length_size` bytes (1…4).
template <class Each>
void for_each_item_unit(std::span<const std::byte> item, std::size_t length_size, Each&& each) {
    for (BoxReader read(item); read.left() > length_size;) {
        const std::uint64_t length = read.number(length_size);
        const std::span<const std::byte> rest = read.rest();
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(length, rest.size()));
        each(rest.first(count));
        read = BoxReader(rest.subspan(count));
    }
}

}  // namespace yolodata
