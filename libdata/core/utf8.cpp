// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace yolodata {

namespace {

void append_hex(std::string& to, unsigned char byte) {
    constexpr char digits[] = "0123456789abcdef";
    to += "\\x";
    to += digits[byte >> 4];
    to += digits[byte & 15];
}

// Lowest and highest allowed second byte after `lead`.
bool second_byte_fits(unsigned char lead, unsigned char second) {
    unsigned char low = 0x80, high = 0xBF;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    return second >= low && second <= high;
}

std::size_t length_by_lead(unsigned char lead) {
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return 2;
    if (lead >= 0xE0 && lead <= 0xEF) return 3;
    if (lead >= 0xF0 && lead <= 0xF4) return 4;
    return 0;
}

bool is_control(std::string_view sequence) {
    const auto c = static_cast<unsigned char>(sequence[0]);
    if (sequence.size() == 1) return c < 0x20 || c == 0x7F;
    return sequence.size() == 2 && c == 0xC2 && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

void append_control(std::string& to, std::string_view sequence) {
    if (sequence == "\n") {
        to += "\\n";
    } else if (sequence == "\t") {
        to += "\\t";
    } else {
        for (const char c : sequence) append_hex(to, static_cast<unsigned char>(c));
    }
}

std::string escaped(std::string_view text, bool controls) {
    std::string to;
    to.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t n = utf8_sequence(text.substr(i));
        if (n == 0) {
            append_hex(to, static_cast<unsigned char>(text[i++]));
            continue;
        }
        const std::string_view sequence = text.substr(i, n);
        if (controls && is_control(sequence)) {
            append_control(to, sequence);
        } else {
            to += sequence;
        }
        i += n;
    }
    return to;
}

}  // namespace

std::size_t utf8_sequence(std::string_view text) {
    if (text.empty()) return 0;
    const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const std::size_t n = length_by_lead(byte(0));
    if (n <= 1) return n;
    if (text.size() < n || !second_byte_fits(byte(0), byte(1))) return 0;
    for (std::size_t i = 2; i < n; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    return n;
}

std::size_t find_invalid_utf8(std::string_view text) {
    std::size_t i = 0;
    while (i < text.size()) {
        std::uint64_t word;
        if (text.size() - i >= sizeof word) {
            std::memcpy(&word, text.data() + i, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                i += sizeof word;
                continue;
            }
        }
        const std::size_t n = utf8_sequence(text.substr(i));
        if (n == 0) return i;
        i += n;
    }
    return std::string_view::npos;
}

std::string escape_invalid_utf8(std::string_view text) {
    return escaped(text, false);
}

std::string printable(std::string_view text) {
    return escaped(text, true);
}

}  // namespace yolodata
