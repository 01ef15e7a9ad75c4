// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace yolodata {

/// Big-endian numbers from bytes that may end too early: what lies behind the end reads as 0 and
/// failed() tells.
class BoxReader {
 public:
    explicit BoxReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::uint64_t number(std::size_t size) {  ///< of 0 to 8 bytes
        if (size > left()) {
            failed_ = true;
            at_ = bytes_.size();
            return 0;
        }
        std::uint64_t value = 0;
        for (; size > 0; --size) value = value << 8 | std::to_integer<std::uint64_t>(bytes_[at_++]);
        return value;
    }
    std::uint32_t u8() { return static_cast<std::uint32_t>(number(1)); }
    std::uint32_t u16() { return static_cast<std::uint32_t>(number(2)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }

    std::size_t left() const { return bytes_.size() - at_; }
    std::span<const std::byte> rest() const { return bytes_.subspan(at_); }
    bool failed() const { return failed_; }

 private:
    std::span<const std::byte> bytes_;
    std::size_t at_ = 0;
    bool failed_ = false;
};

/// The four letters of a box or item type as a number.
constexpr std::uint32_t fourcc(std::string_view name) {
    std::uint32_t value = 0;
    for (const char c : name) value = value << 8 | static_cast<unsigned char>(c);
    return value;
}

/// One box of an ISO base media file (ISO/IEC 14496-12, 4.2).
struct Box {
    std::uint32_t type = 0;
    std::span<const std::byte> content;  ///< as much of it as is there
    std::uint64_t size = 0;              ///< as the box says, header included
    bool cut = false;                    ///< it reaches beyond the bytes
};

/// The box that begins `bytes`. false: too few bytes for its header, or an impossible size.
inline bool read_box(std::span<const std::byte> bytes, Box& box) {
    BoxReader read(bytes);
    box.size = read.u32();
    box.type = read.u32();
    if (box.size == 1) box.size = read.number(8);
    const std::size_t header = bytes.size() - read.left();
    if (read.failed()) return false;
    if (box.size == 0) box.size = bytes.size();  // to the end
    if (box.size < header) return false;
    box.cut = box.size > bytes.size();
    box.content = read.rest();
    if (!box.cut) box.content = box.content.first(static_cast<std::size_t>(box.size) - header);
    return true;
}

/// Calls visit(box) for each box of `bytes`, one after the other.
template <class Visit>
void for_each_box(std::span<const std::byte> bytes, Visit visit) {
    for (Box box; read_box(bytes, box);) {
        visit(box);
        if (box.cut) return;
        bytes = bytes.subspan(static_cast<std::size_t>(box.size));
    }
}

}  // namespace yolodata
