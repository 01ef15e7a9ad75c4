// SPDX-License-Identifier: Apache-2.0
// The entries of the labels section.
#include <cstring>
#include <limits>
#include <span>
#include <utility>

#include "shard/format.hpp"
#include "shard/label_geometry.hpp"
#include "shard/little_endian.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::shard::format {

std::uint64_t label_entry_bytes(std::uint64_t rows, std::uint64_t source_bytes, const Geometry& geometry) {
    return bytes_with_geometry(label_header_bytes + rows * box_bytes + source_bytes, geometry);
}

std::vector<std::byte> encode(const LabelEntry& e, std::uint64_t& entry_checksum) {
    if (e.source.size() > 0xffff) throw Error(ErrorKind::invalid_argument, "path over 65,535 bytes: " + e.source);
    const std::uint64_t length = label_entry_bytes(e.boxes.size(), e.source.size(), e.geometry);
    if (length > std::numeric_limits<std::uint32_t>::max())
        throw Error(ErrorKind::invalid_argument, e.source + ": its labels are longer than 4 GiB");
    std::vector<std::byte> out(length);
    std::byte* p = out.data();
    store_le(p + 8, static_cast<std::uint32_t>(out.size()));
    store_le(p + 12, static_cast<std::uint32_t>(e.boxes.size()));
    store_le(p + 16, e.number);
    store_le(p + 24, e.width);
    store_le(p + 28, e.height);
    store_le(p + 32, e.source_width);
    store_le(p + 36, e.source_height);
    store_le(p + 40, static_cast<std::uint16_t>(e.source.size()));
    p[42] = std::byte{e.codec};
    store_le(p + 44, e.variant);
    std::byte* row = p + label_header_bytes;
    for (const Box& box : e.boxes) {
        store_le(row, static_cast<std::uint32_t>(box.cls));
        store_le(row + 4, box.x);
        store_le(row + 8, box.y);
        store_le(row + 12, box.w);
        store_le(row + 16, box.h);
        row += box_bytes;
    }
    std::memcpy(row, e.source.data(), e.source.size());
    store_geometry(out, label_entry_bytes(e.boxes.size(), e.source.size(), {}), e.geometry);
    entry_checksum = checksum(Bytes(out).subspan(8));
    store_le(p, entry_checksum);
    return out;
}

std::uint64_t label_entry_length(Bytes header) {
    const std::uint64_t length = load_le<std::uint32_t>(header.data() + 8);
    const std::uint64_t rows = load_le<std::uint32_t>(header.data() + 12);
    const std::uint64_t source = load_le<std::uint16_t>(header.data() + 40);
    // Later minor versions may append to an entry, so it may be longer than what is known here.
    return label_header_bytes + rows * box_bytes + source <= length ? length : 0;
}

std::uint64_t label_entry_checksum(Bytes bytes) { return load_le<std::uint64_t>(bytes.data()); }

bool may_be_label(Bytes head) {
    constexpr std::uint64_t honest_length = std::uint64_t{64} << 20;
    constexpr std::uint32_t honest_side = 1u << 24;
    if (head.size() < label_header_bytes) return false;
    const auto side_fits = [&](std::size_t at) {
        const auto side = load_le<std::uint32_t>(head.data() + at);
        return side != 0 && side < honest_side;
    };
    const std::uint64_t length = label_entry_length(head);
    return length != 0 && length < honest_length && head[43] == std::byte{0} && side_fits(24) && side_fits(28);
}

std::uint64_t renumber_label(std::span<std::byte> entry, std::uint64_t number) {
    store_le(entry.data() + 16, number);
    const std::uint64_t sum = checksum(Bytes(entry).subspan(8));
    store_le(entry.data(), sum);
    return sum;
}

std::optional<LabelEntry> decode_label(Bytes bytes) {
    if (bytes.size() < label_header_bytes || label_entry_length(bytes) != bytes.size()) return std::nullopt;
    if (label_entry_checksum(bytes) != checksum(bytes.subspan(8))) return std::nullopt;
    const std::byte* p = bytes.data();
    LabelEntry e;
    e.number = load_le<std::uint64_t>(p + 16);
    e.width = load_le<std::uint32_t>(p + 24);
    e.height = load_le<std::uint32_t>(p + 28);
    e.source_width = load_le<std::uint32_t>(p + 32);
    e.source_height = load_le<std::uint32_t>(p + 36);
    e.codec = static_cast<std::uint8_t>(p[42]);
    e.variant = load_le<std::uint32_t>(p + 44);
    e.boxes.resize(load_le<std::uint32_t>(p + 12));
    const std::byte* row = p + label_header_bytes;
    for (Box& box : e.boxes) {
        box = {static_cast<std::int32_t>(load_le<std::uint32_t>(row)), load_float_le(row + 4), load_float_le(row + 8),
               load_float_le(row + 12), load_float_le(row + 16)};
        row += box_bytes;
    }
    e.source.assign(reinterpret_cast<const char*>(row), load_le<std::uint16_t>(p + 40));
    auto geometry = load_geometry(bytes, label_entry_bytes(e.boxes.size(), e.source.size(), {}),
                                  static_cast<std::uint32_t>(e.boxes.size()));
    if (!geometry) return std::nullopt;
    e.geometry = std::move(*geometry);
    return e;
}

}  // namespace yolodata::shard::format
