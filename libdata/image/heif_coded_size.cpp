// SPDX-License-Identifier: Apache-2.0
#include "heif_coded_size.hpp"

#include <algorithm>
#include <vector>

#include "heif_boxes.hpp"
#include "nal_units.hpp"

namespace yolodata {
namespace {

using Bytes = std::span<const std::byte>;

/// Bits from the highest down; zeros behind the end.
class BitReader {
 public:
    explicit BitReader(Bytes bytes) : bytes_(bytes) {}

    std::uint64_t bits(int count) {  // up to 64
        std::uint64_t value = 0;
        for (; count > 0; --count, ++at_) {
            const std::size_t byte = at_ / 8;
            const bool set = byte < bytes_.size() &&
                             (std::to_integer<unsigned>(bytes_[byte]) >> (7 - at_ % 8) & 1) != 0;
            value = value << 1 | (set ? 1 : 0);
        }
        return value;
    }
    bool bit() { return bits(1) != 0; }
    void skip(std::size_t count) { at_ += count; }
    // Exp-Golomb: as many zeros as bits follow the first one.
    std::uint64_t exp_golomb() {
        int zeros = 0;
        while (zeros < 32 && at_ / 8 < bytes_.size() && !bit()) ++zeros;
        return (std::uint64_t{1} << zeros) - 1 + bits(zeros);
    }

 private:
    Bytes bytes_;
    std::size_t at_ = 0;
};

CodedSize larger(CodedSize a, CodedSize b) {
    return a.pixels() >= b.pixels() ? a : b;
}

void skip_operating_points(BitReader& read) {
    bool decoder_model = false;
    int delay_bits = 0;
    if (read.bit()) {  // timing info
        read.skip(64);
        if (read.bit()) read.exp_golomb();
        decoder_model = read.bit();
        if (decoder_model) {
            delay_bits = static_cast<int>(read.bits(5)) + 1;
            read.skip(42);
        }
    }
    const bool display_delay = read.bit();
    for (std::uint64_t points = read.bits(5) + 1; points > 0; --points) {
        read.skip(12);
        if (read.bits(5) > 7) read.skip(1);  // tier
        if (decoder_model && read.bit()) read.skip(2 * static_cast<std::size_t>(delay_bits) + 1);
        if (display_delay && read.bit()) read.skip(4);
    }
}

CodedSize sequence_header_size(Bytes payload) {
    BitReader read(payload);
    read.skip(4);      // profile, still picture
    if (read.bit()) {  // reduced header
        read.skip(5);
    } else {
        skip_operating_points(read);
    }
    const int width_bits = static_cast<int>(read.bits(4)) + 1,
              height_bits = static_cast<int>(read.bits(4)) + 1;
    CodedSize size;
    size.width = read.bits(width_bits) + 1;
    size.height = read.bits(height_bits) + 1;
    return size;
}

// Bytes 0, 0, 3 stand for 0, 0.
std::vector<std::byte> without_escapes(Bytes bytes) {
    std::vector<std::byte> plain;
    int zeros = 0;
    for (const std::byte byte : bytes) {
        if (zeros >= 2 && byte == std::byte{3}) {
            zeros = 0;
            continue;
        }
        zeros = byte == std::byte{0} ? zeros + 1 : 0;
        plain.push_back(byte);
    }
    return plain;
}

void skip_profile(BitReader& read, int sub_layers) {
    read.skip(96);
    if (sub_layers == 0) return;
    bool profile[8] = {}, level[8] = {};
    for (int i = 0; i < 8; ++i) {
        const std::uint64_t flags = read.bits(2);
        profile[i] = i < sub_layers && (flags & 2) != 0;
        level[i] = i < sub_layers && (flags & 1) != 0;
    }
    for (int i = 0; i < sub_layers; ++i) read.skip((profile[i] ? 88U : 0U) + (level[i] ? 8U : 0U));
}

}  // namespace

CodedSize av1_size(Bytes obus) {
    constexpr std::uint32_t sequence_header = 1;
    CodedSize largest;
    for (BoxReader read(obus); read.left() > 0;) {
        const std::uint32_t header = read.u8();
        if ((header & 4) != 0) read.u8();  // extension
        std::uint64_t length = read.left();
        if ((header & 2) != 0) {  // its size, seven bits a byte, lowest first
            length = 0;
            std::uint64_t byte = 0x80;
            for (int i = 0; i < 8 && (byte & 0x80) != 0; ++i)
                length |= ((byte = read.u8()) & 0x7F) << 7 * i;
        }
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(length, read.left()));
        const Bytes rest = read.rest();
        if ((header >> 3 & 15) == sequence_header)
            largest = larger(largest, sequence_header_size(rest.first(count)));
        read = BoxReader(rest.subspan(count));
    }
    return largest;
}

CodedSize hevc_size(Bytes nal_unit) {
    constexpr unsigned sequence_parameters = 33;
    constexpr std::size_t enough = 512;  // bytes up to the size, with room to spare
    if (nal_unit.size() < 3) return {};
    if ((std::to_integer<unsigned>(nal_unit[0]) >> 1 & 63) != sequence_parameters) return {};
    const std::vector<std::byte> plain =
        without_escapes(nal_unit.subspan(2, std::min(nal_unit.size() - 2, enough)));
    BitReader read(plain);
    read.skip(4);
    const int sub_layers = static_cast<int>(read.bits(3));
    read.skip(1);
    skip_profile(read, sub_layers);
    read.exp_golomb();                         // its number
    if (read.exp_golomb() == 3) read.skip(1);  // chroma format
    CodedSize size;
    size.width = read.exp_golomb();
    size.height = read.exp_golomb();
    return size;
}

CodedSize hevc_config_size(Bytes hvcc) {
    CodedSize largest;
    for_each_config_unit(hvcc, [&](Bytes unit) { largest = larger(largest, hevc_size(unit)); });
    return largest;
}

CodedSize hevc_item_size(Bytes item, std::size_t length_size) {
    CodedSize largest;
    for_each_item_unit(item, length_size,
                       [&](Bytes unit) { largest = larger(largest, hevc_size(unit)); });
    return largest;
}

}  // namespace yolodata
