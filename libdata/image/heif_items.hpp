// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "heif_boxes.hpp"

namespace yolodata {

/// A part of an item's data, in the file or in the meta box's own data.
struct HeifExtent {
    std::uint64_t offset = 0, length = 0;  ///< length 0: to the end
};

struct HeifItem {
    std::uint32_t id = 0;
    std::uint32_t type = 0;  ///< "hvc1", "av01", "grid", "Exif" …; 0 = not named
    bool in_meta = false;    ///< its extents count from the idat box
    bool elsewhere = false;  ///< made by a rule that this reader does not know
    std::vector<HeifExtent> extents;
    std::vector<std::size_t> properties;  ///< places in HeifItems::properties
};

/// The items of a meta box and their properties (ISO/IEC 14496-12, 8.11; 23008-12, 9.3).
struct HeifItems {
    std::uint32_t primary = 0;
    std::vector<HeifItem> items;  ///< sorted by id
    std::vector<Box> properties;
    struct Reference {
        std::uint32_t type = 0;  ///< "dimg": from is made of to; "auxl", "thmb", "cdsc" …
        std::uint32_t from = 0, to = 0;
    };
    std::vector<Reference> references;
    std::span<const std::byte> data;  ///< of the idat box

    const HeifItem* find(std::uint32_t id) const;
    const HeifItem* primary_item() const { return find(primary); }
    /// The item's property of that type; nullptr = it has none.
    const Box* property(const HeifItem& item, std::uint32_t type) const;
};

/// `meta`: the content of a meta box. Never throws for bad content: what cannot be read is not
/// there.
HeifItems read_heif_items(std::span<const std::byte> meta);

}  // namespace yolodata
