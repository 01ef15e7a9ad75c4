// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "bmp.hpp"

namespace yolodata {
namespace {

using RowOf = std::function<std::uint8_t*(int)>;

std::uint32_t pixel_at(const std::byte* row, int x, int bits) {
    std::uint32_t value = 0;
    const int size = bits / 8;
    for (int i = 0; i < size; ++i)
        value |= std::to_integer<std::uint32_t>(row[x * size + i]) << 8 * i;
    return value;
}

// A channel of n bits in the upper bits of a byte, as OpenCV widens it: the lower bits stay zero.
std::uint8_t channel(std::uint32_t pixel, const BmpMask& mask) {
    const std::uint32_t value = (pixel & mask.mask) >> mask.shift;
    return static_cast<std::uint8_t>(mask.bits >= 8 ? value >> (mask.bits - 8)
                                                    : value << (8 - mask.bits));
}

void decode_row(const std::byte* from, const BmpHeader& header, std::uint8_t* to) {
    for (int x = 0; x < header.width; ++x, to += 3) {
        if (header.bits == 24) {
            for (int c = 0; c < 3; ++c) to[c] = std::to_integer<std::uint8_t>(from[3 * x + 2 - c]);
        } else if (header.bits > 8) {
            const std::uint32_t pixel = pixel_at(from, x, header.bits);
            for (std::size_t c = 0; c < 3; ++c) to[c] = channel(pixel, header.masks[c]);
        } else {
            const int per_byte = 8 / header.bits,
                      shift = (per_byte - 1 - x % per_byte) * header.bits;
            const auto index = (std::to_integer<unsigned>(from[x / per_byte]) >> shift) &
                               ((1u << header.bits) - 1);
            std::memcpy(to, header.palette[index].data(), 3);
        }
    }
}

BmpPixels read_plain(std::span<const std::byte> bytes, const BmpHeader& header, const RowOf& row) {
    BmpPixels result;
    const std::size_t start = std::min(header.pixels, bytes.size());
    const auto there = (bytes.size() - start) / header.row_bytes;
    result.rows =
        static_cast<int>(std::min<std::size_t>(there, static_cast<std::size_t>(header.height)));
    result.end = header.pixels + header.row_bytes * static_cast<std::size_t>(header.height);
    for (int i = 0; row && i < result.rows; ++i) {
        const int y = header.top_down ? i : header.height - 1 - i;
        decode_row(bytes.data() + header.pixels + static_cast<std::size_t>(i) * header.row_bytes,
                   header, row(y));
    }
    if (result.rows == header.height) return result;
    result.ends_early = true;
    result.fault = fmt::format("the file ends in row {} of {}", result.rows + 1, header.height);
    return result;
}

// Run-length coding: a count and an index, or 0 and a code: 0 end of row, 1 end of picture, 2 move
// right and up, n ≥ 3 that many single indices, padded to 16 bits. Of 4-bit indices two share a
// byte.
class RunLength {
 public:
    RunLength(std::span<const std::byte> bytes, const BmpHeader& header, const RowOf& row)
        : bytes_(bytes), header_(header), row_(row), at_(header.pixels) {}

    BmpPixels read() {
        for (int y = 0; row_ && y < header_.height; ++y)
            for (int x = 0; x < header_.width; ++x) put(x, y, 0);
        while (!ended_ && fault_.empty() && y_ < header_.height) step();
        if (!ended_ && fault_.empty() && at_ + 2 <= bytes_.size() && next_is_end()) at_ += 2;
        return {std::min(ended_ ? header_.height : y_, header_.height), at_, std::move(fault_),
                ends_early_};
    }

 private:
    bool next_is_end() const {
        return bytes_[at_] == std::byte{0} && bytes_[at_ + 1] == std::byte{1};
    }

    bool has(std::size_t count) {
        if (at_ + count <= bytes_.size()) return true;
        ends_early_ = true;
        fault_ = fmt::format("the file ends in row {} of {}", y_ + 1, header_.height);
        return false;
    }

    int byte() { return std::to_integer<int>(bytes_[at_++]); }

    void step() {
        if (!has(2)) return;
        const int count = byte(), code = byte();
        if (count > 0) {
            if (!fits(count)) return;
            for (int i = 0; i < count; ++i) put(x_ + i, y_, nibble_or_byte(code, i));
            x_ += count;
        } else if (code == 0) {
            x_ = 0, ++y_;
        } else if (code == 1) {
            ended_ = true;
        } else if (code == 2) {
            if (!has(2)) return;
            const int right = byte(), up = byte();
            if (fits(right)) x_ += right, y_ += up;
        } else {
            read_single(code);
        }
    }

    void read_single(int count) {
        const std::size_t used = header_.run_length == 8 ? static_cast<std::size_t>(count)
                                                         : static_cast<std::size_t>(count + 1) / 2;
        if (!fits(count) || !has((used + 1) / 2 * 2)) return;
        for (int i = 0; i < count; ++i) {
            const int value = std::to_integer<int>(
                bytes_[at_ + static_cast<std::size_t>(header_.run_length == 8 ? i : i / 2)]);
            put(x_ + i, y_, nibble_or_byte(value, i));
        }
        x_ += count;
        at_ += (used + 1) / 2 * 2;
    }

    int nibble_or_byte(int value, int i) const {
        if (header_.run_length == 8) return value;
        return i % 2 == 0 ? value >> 4 : value & 15;
    }

    bool fits(int count) {
        if (x_ + count <= header_.width) return true;
        fault_ = fmt::format("a run of {} reaches beyond row {} of {} (byte {})", count, y_ + 1,
                             header_.height, at_);
        return false;
    }

    void put(int x, int y, int index) {
        if (!row_) return;
        std::memcpy(row_(header_.height - 1 - y) + 3 * static_cast<std::size_t>(x),
                    header_.palette[static_cast<std::size_t>(index)].data(), 3);
    }

    std::span<const std::byte> bytes_;
    const BmpHeader& header_;
    const RowOf& row_;
    std::size_t at_;
    int x_ = 0, y_ = 0;
    bool ended_ = false, ends_early_ = false;
    std::string fault_;
};

}  // namespace

BmpPixels read_bmp_pixels(std::span<const std::byte> bytes, const BmpHeader& header,
                          const RowOf& row) {
    if (header.run_length != 0) return RunLength(bytes, header, row).read();
    return read_plain(bytes, header, row);
}

bool is_bmp_opaque(std::span<const std::byte> bytes, const BmpHeader& header) {
    const std::uint32_t alpha = header.masks[3].mask;
    for (int y = 0; alpha != 0 && y < header.height; ++y)
        for (int x = 0; x < header.width; ++x)
            if ((pixel_at(
                     bytes.data() + header.pixels + static_cast<std::size_t>(y) * header.row_bytes,
                     x, header.bits) &
                 alpha) != alpha)
                return false;
    return true;
}

}  // namespace yolodata
