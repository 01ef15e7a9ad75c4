// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <limits>

#include <fmt/format.h>

#include "bmp.hpp"

namespace yolodata {
namespace {

constexpr std::size_t file_header_size = 14, core_size = 12, info_size = 40;
enum Compression : std::uint32_t {
    plain = 0,
    rle8 = 1,
    rle4 = 2,
    bit_fields = 3,
    jpeg = 4,
    png = 5,
    alpha_fields = 6
};

std::uint32_t little_endian(std::span<const std::byte> bytes, std::size_t at, int size) {
    std::uint32_t value = 0;
    for (int i = 0; i < size; ++i)
        value |= std::to_integer<std::uint32_t>(bytes[at + static_cast<std::size_t>(i)]) << 8 * i;
    return value;
}

BmpMask make_mask(std::uint32_t mask) {
    if (mask == 0) return {};
    return {mask, std::countr_zero(mask), std::popcount(mask)};
}

class HeaderReader {
 public:
    explicit HeaderReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    BmpHeader read() {
        if (!has(file_header_size + 4)) return header_;
        header_.declared_size = number(2, 4);
        header_.pixels = number(10, 4);
        info_ = number(file_header_size, 4);
        if (info_ != core_size && info_ < info_size && info_ != 16)
            return fail("impossible header size");
        if (!has(file_header_size + std::max<std::size_t>(info_, core_size))) return header_;
        read_size();
        if (!header_.fault.empty()) return header_;
        read_coding();
        if (header_.fault.empty()) read_palette();
        if (header_.fault.empty() && header_.pixels < file_header_size + info_)
            fail("the pixels start inside the header");
        return header_;
    }

 private:
    std::uint32_t number(std::size_t at, int size) const { return little_endian(bytes_, at, size); }

    BmpHeader& fail(std::string fault) {
        header_.fault = std::move(fault);
        return header_;
    }

    bool has(std::size_t size) {
        if (bytes_.size() >= size) return true;
        header_.ends_early = true;
        fail(fmt::format("the file ends in its header at byte {}", bytes_.size()));
        return false;
    }

    void read_size() {
        if (info_ == core_size) {
            header_.width = static_cast<int>(number(18, 2));
            header_.height = static_cast<int>(number(20, 2));
            header_.bits = static_cast<int>(number(24, 2));
        } else {
            header_.width = static_cast<std::int32_t>(number(18, 4));
            const auto height = static_cast<std::int32_t>(number(22, 4));
            header_.bits = static_cast<int>(number(28, 2));
            header_.top_down = height < 0;
            if (height == std::numeric_limits<std::int32_t>::min())
                return void(fail("impossible size"));
            header_.height = height < 0 ? -height : height;
            if (info_ >= info_size) compression_ = number(30, 4);
        }
        if (header_.width <= 0 || header_.height <= 0) fail("impossible size");
    }

    void read_coding() {
        const int bits = header_.bits;
        if (compression_ == jpeg || compression_ == png) {
            header_.unsupported = true;
            return void(fail("a BMP that holds a JPEG or PNG"));
        }
        const bool known =
            bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
        const bool fits = compression_ == plain || (compression_ == rle8 && bits == 8) ||
                          (compression_ == rle4 && bits == 4) ||
                          ((compression_ == bit_fields || compression_ == alpha_fields) &&
                           (bits == 16 || bits == 32));
        if (!known || !fits)
            return void(fail(fmt::format("impossible coding: {} bits a pixel with compression {}",
                                         bits, compression_)));
        if (compression_ == rle8 || compression_ == rle4) {
            if (header_.top_down)
                return void(fail("a run-length coded picture stored from top to bottom"));
            header_.run_length = bits;
        } else {
            header_.row_bytes =
                (static_cast<std::size_t>(header_.width) * static_cast<std::size_t>(bits) + 31) /
                32 * 4;
        }
        read_masks();
    }

    void read_masks() {
        std::array<std::uint32_t, 4> masks{};
        if (compression_ == bit_fields || compression_ == alpha_fields) {
            const bool alpha = compression_ == alpha_fields || info_ >= 56;
            const std::size_t count = alpha ? 4 : 3;
            if (!has(file_header_size + info_size + 4 * count)) return;
            for (std::size_t i = 0; i < count; ++i)
                masks[i] = number(file_header_size + info_size + 4 * i, 4);
        } else if (header_.bits == 16) {
            masks = {0x7C00, 0x03E0, 0x001F, 0};
        } else if (header_.bits == 32) {
            masks = {0xFF0000, 0xFF00, 0xFF, 0};
        }
        std::transform(masks.begin(), masks.end(), header_.masks.begin(), make_mask);
    }

    void read_palette() {
        if (header_.bits > 8) return;
        const std::size_t entry = info_ == core_size ? 3 : 4, most = std::size_t{1} << header_.bits;
        std::size_t count = info_ >= info_size ? number(46, 4) : 0;
        if (count == 0 || count > most) count = most;
        const std::size_t start = file_header_size + info_;
        count = std::min(count, header_.pixels > start ? (header_.pixels - start) / entry : 0);
        if (!has(start + count * entry)) return;
        for (std::size_t i = 0; i < count; ++i) {
            const std::byte* bgr = bytes_.data() + start + i * entry;
            header_.palette.push_back({std::to_integer<std::uint8_t>(bgr[2]),
                                       std::to_integer<std::uint8_t>(bgr[1]),
                                       std::to_integer<std::uint8_t>(bgr[0])});
        }
        header_.palette.resize(most);  // what the file leaves out is black
    }

    std::span<const std::byte> bytes_;
    BmpHeader header_;
    std::size_t info_ = 0;
    std::uint32_t compression_ = plain;
};

}  // namespace

BmpHeader read_bmp_header(std::span<const std::byte> bytes) {
    return HeaderReader(bytes).read();
}

}  // namespace yolodata
