// SPDX-License-Identifier: Apache-2.0
#include "heif_items.hpp"

#include <algorithm>

namespace yolodata {
namespace {

using Bytes = std::span<const std::byte>;

struct FullBox {
    BoxReader read;
    std::uint32_t version, flags;
    explicit FullBox(Bytes content)
        : read(content), version(read.u8()), flags(static_cast<std::uint32_t>(read.number(3))) {}
};

class ItemsReader {
 public:
    HeifItems run(Bytes meta) {
        FullBox full(meta);
        for_each_box(full.read.rest(), [this](const Box& box) { take(box); });
        // Types and properties only for items that iloc or iinf have named, in whatever order.
        for (const Bytes list : named_) name_items(list);
        for (const Bytes list : assigned_) assign(list);
        std::sort(items_.items.begin(), items_.items.end(),
                  [](const HeifItem& a, const HeifItem& b) { return a.id < b.id; });
        return std::move(items_);
    }

 private:
    void take(const Box& box) {
        switch (box.type) {
            case fourcc("pitm"): {
                FullBox full(box.content);
                items_.primary = full.version == 0 ? full.read.u16() : full.read.u32();
                break;
            }
            case fourcc("iloc"):
                locate(box.content);
                break;
            case fourcc("iinf"):
                named_.push_back(box.content);
                break;
            case fourcc("iref"):
                refer(box.content);
                break;
            case fourcc("idat"):
                items_.data = box.content;
                break;
            case fourcc("iprp"):
                for_each_box(box.content, [this](const Box& part) {
                    if (part.type == fourcc("ipma")) assigned_.push_back(part.content);
                    if (part.type == fourcc("ipco"))
                        for_each_box(part.content,
                                     [this](const Box& p) { items_.properties.push_back(p); });
                });
                break;
            default:
                break;
        }
    }

    void refer(Bytes content) {
        FullBox full(content);
        const std::size_t id_size = full.version == 0 ? 2 : 4;
        for_each_box(full.read.rest(), [&](const Box& box) {
            BoxReader read(box.content);
            const auto from = static_cast<std::uint32_t>(read.number(id_size));
            for (std::uint32_t n = read.u16(); n > 0 && !read.failed(); --n)
                items_.references.push_back(
                    {box.type, from, static_cast<std::uint32_t>(read.number(id_size))});
        });
    }

    void locate(Bytes content) {
        FullBox full(content);
        BoxReader& read = full.read;
        const std::uint32_t sizes = read.u16();
        const std::size_t offset_size = sizes >> 12, length_size = sizes >> 8 & 15,
                          base_size = sizes >> 4 & 15,
                          index_size = full.version == 0 ? 0 : sizes & 15;
        for (const std::size_t size : {offset_size, length_size, base_size, index_size})
            if (size != 0 && size != 4 && size != 8) return;  // the standard has no others
        const std::uint32_t count = full.version < 2 ? read.u16() : read.u32();
        // Extents may take no bytes: their number is bounded all the same.
        std::size_t extents_left = content.size();
        for (std::uint32_t i = 0; i < count && !read.failed(); ++i) {
            HeifItem item;
            item.id = full.version < 2 ? read.u16() : read.u32();
            const std::uint32_t method = full.version == 0 ? 0 : read.u16() & 15;
            item.in_meta = method == 1;
            item.elsewhere = method > 1;
            read.u16();  // the file that holds the data: libheif takes it from this one in any case
            const std::uint64_t base = read.number(base_size);
            const std::uint32_t extents = read.u16();
            for (std::uint32_t e = 0; e < extents && extents_left > 0 && !read.failed();
                 ++e, --extents_left) {
                read.number(index_size);
                const std::uint64_t offset = base + read.number(offset_size);
                item.extents.push_back({offset, read.number(length_size)});
            }
            if (!read.failed()) items_.items.push_back(std::move(item));
        }
        std::stable_sort(items_.items.begin(), items_.items.end(),
                         [](const HeifItem& a, const HeifItem& b) { return a.id < b.id; });
    }

    HeifItem* item(std::uint32_t id) { return const_cast<HeifItem*>(items_.find(id)); }

    void name_items(Bytes content) {
        FullBox full(content);
        if (full.version == 0)
            full.read.u16();
        else
            full.read.u32();
        for_each_box(full.read.rest(), [this](const Box& box) {
            if (box.type != fourcc("infe")) return;
            FullBox entry(box.content);
            if (entry.version < 2) return;
            HeifItem* named = item(entry.version == 2 ? entry.read.u16() : entry.read.u32());
            entry.read.u16();  // protection
            if (named != nullptr) named->type = entry.read.u32();
        });
    }

    void assign(Bytes content) {
        FullBox full(content);
        BoxReader& read = full.read;
        const std::uint32_t count = read.u32();
        for (std::uint32_t i = 0; i < count && !read.failed(); ++i) {
            HeifItem* of = item(full.version == 0 ? read.u16() : read.u32());
            for (std::uint32_t n = read.u8(); n > 0 && !read.failed(); --n) {
                // The highest bit says "essential"; places count from 1, 0 is none.
                const std::size_t place =
                    (full.flags & 1) != 0 ? read.u16() & 0x7FFF : read.u8() & 0x7F;
                if (of != nullptr && place > 0 && place <= items_.properties.size())
                    of->properties.push_back(place - 1);
            }
        }
    }

    HeifItems items_;
    std::vector<Bytes> named_, assigned_;
};

}  // namespace

const HeifItem* HeifItems::find(std::uint32_t id) const {
    const auto found =
        std::lower_bound(items.begin(), items.end(), id,
                         [](const HeifItem& item, std::uint32_t i) { return item.id < i; });
    return found != items.end() && found->id == id ? &*found : nullptr;
}

const Box* HeifItems::property(const HeifItem& item, std::uint32_t type) const {
    for (const std::size_t place : item.properties)
        if (properties[place].type == type) return &properties[place];
    return nullptr;
}

HeifItems read_heif_items(std::span<const std::byte> meta) {
    return ItemsReader().run(meta);
}

}  // namespace yolodata
