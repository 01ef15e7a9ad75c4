// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/label.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

enum CharClass : std::uint8_t { other, space, line_break, high };

constexpr std::array<std::uint8_t, 256> make_classes() {
    std::array<std::uint8_t, 256> classes{};
    for (int c = 128; c < 256; ++c) classes[static_cast<std::size_t>(c)] = high;
    classes[' '] = classes['\t'] = classes[0x1F] = space;
    for (const int c : {0x0A, 0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E})
        classes[static_cast<std::size_t>(c)] = line_break;
    return classes;
}
constexpr auto classes = make_classes();

std::uint8_t class_of(char c) {
    return classes[static_cast<unsigned char>(c)];
}

bool starts(std::string_view text, std::string_view what) {
    return text.substr(0, what.size()) == what;
}

// NEL, LINE SEPARATOR, PARAGRAPH SEPARATOR; 0 if there is none.
std::size_t high_break(std::string_view text) {
    if (starts(text, "\xC2\x85")) return 2;
    if (starts(text, "\xE2\x80\xA8") || starts(text, "\xE2\x80\xA9")) return 3;
    return 0;
}

// The white space of Unicode that is no line break; 0 if there is none.
std::size_t high_space(std::string_view text) {
    if (starts(text, "\xC2\xA0")) return 2;
    for (const std::string_view s :
         {"\xE1\x9A\x80", "\xE2\x80\xAF", "\xE2\x81\x9F", "\xE3\x80\x80"})
        if (starts(text, s)) return 3;
    if (starts(text, "\xE2\x80") && text.size() >= 3) {
        const auto third = static_cast<unsigned char>(text[2]);
        if (third >= 0x80 && third <= 0x8A) return 3;
    }
    return 0;
}

// End of the line that starts `text`, and the length of its line end.
std::size_t find_line_end(std::string_view text, std::size_t& length) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const std::uint8_t c = class_of(text[i]);
        if (c == line_break) {
            length = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n' ? 2 : 1;
            return i;
        }
        if (c == high && (length = high_break(text.substr(i))) != 0) return i;
    }
    length = 0;
    return text.size();
}

std::size_t skip_space(std::string_view row, std::size_t i) {
    while (i < row.size()) {
        const std::uint8_t c = class_of(row[i]);
        const std::size_t n = c == space ? 1 : c == high ? high_space(row.substr(i)) : 0;
        if (n == 0) break;
        i += n;
    }
    return i;
}

std::size_t find_field_end(std::string_view row, std::size_t i) {
    for (; i < row.size(); ++i) {
        const std::uint8_t c = class_of(row[i]);
        if (c == space || (c == high && high_space(row.substr(i)) != 0)) break;
    }
    return i;
}

// from_chars leaves the value alone when it does not fit: too large is infinite, too small is zero.
double out_of_range_value(std::string_view text) {
    const std::size_t e = text.find_first_of("eE");
    bool tiny;
    if (e != std::string_view::npos) {
        tiny = e + 1 < text.size() && text[e + 1] == '-';
    } else {
        tiny = text.find_first_of("123456789") > text.find('.');
    }
    const double size = tiny ? 0 : std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -size : size;
}

// What nearly every label holds: digits, perhaps a point and more digits, no sign, no exponent. Up
// to 15 digits and the power of ten below them are exact in double, so that their quotient is the
// nearest number, as from_chars finds it. Returns the characters used, 0 for any other form.
std::size_t parse_plain(std::string_view text, double& value) {
    constexpr std::size_t most_digits = 15;
    static constexpr double powers[most_digits + 1] = {
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    std::uint64_t digits = 0;
    std::size_t at = 0, count = 0;
    const auto take_digits = [&] {
        const std::size_t begin = at;
        for (; at < text.size(); ++at) {
            const unsigned digit = static_cast<unsigned char>(text[at]) - unsigned{'0'};
            if (digit > 9 || count + (at - begin) >= most_digits) break;
            digits = digits * 10 + digit;
        }
        count += at - begin;
        return at - begin;
    };
    take_digits();
    std::size_t behind = 0;
    if (at < text.size() && text[at] == '.') {
        ++at;
        behind = take_digits();
    }
    if (count == 0) return 0;
    // More digits, an exponent, anything: left to the whole parser.
    if (at < text.size() && class_of(text[at]) != space && class_of(text[at]) != line_break)
        return 0;
    value = static_cast<double>(digits) / powers[behind];
    return at;
}

// Parses the number at the start of text; returns the characters used, 0 if there is none.
std::size_t parse_prefix(std::string_view text, double& value) {
    if (const std::size_t used = parse_plain(text, value)) return used;
    std::size_t sign = 0;
    if (!text.empty() && text[0] == '+') {
        sign = 1;
        if (text.size() > 1 && text[1] == '-') return 0;
    }
    const char* const begin = text.data() + sign;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    if (error == std::errc::invalid_argument) return 0;
    const auto used = static_cast<std::size_t>(stop - text.data());
    if (error == std::errc::result_out_of_range)
        value = out_of_range_value(text.substr(sign, used - sign));
    if (text[used - 1] == ')') return 0;  // nan(…) is C, not a label's number
    return used;
}

}  // namespace

bool parse_number(std::string_view text, double& value) {
    if (!text.empty() && parse_prefix(text, value) == text.size()) return true;
    value = std::numeric_limits<double>::quiet_NaN();
    return false;
}

std::string_view LabelRow::field(std::size_t index) const {
    std::size_t begin = skip_space(text, 0);
    for (;; --index) {
        const std::size_t end = find_field_end(text, begin);
        if (index == 0 || end == text.size()) return text.substr(begin, end - begin);
        begin = skip_space(text, end);
    }
}

bool LabelReader::next(LabelRow& row) {
    std::size_t length = 0, end = 0;
    do {
        rest_.remove_prefix(end + length);
        if (rest_.empty()) return false;
        ++line_;
        end = find_line_end(rest_, length);
    } while (end == 0);
    row.line = line_;
    row.text = rest_.substr(0, end);
    rest_.remove_prefix(end + length);
    row.values.clear();
    row.faults.clear();

    const std::string_view text = row.text;
    for (std::size_t i = skip_space(text, 0); i < text.size(); i = skip_space(text, i)) {
        double value;
        const std::size_t used = parse_prefix(text.substr(i), value);
        const std::size_t stop = i + used;
        const bool whole =
            used != 0 && (stop == text.size() || class_of(text[stop]) == space ||
                          (class_of(text[stop]) == high && high_space(text.substr(stop)) != 0));
        if (!whole) {
            value = std::numeric_limits<double>::quiet_NaN();
            row.faults.push_back(
                {static_cast<std::uint32_t>(row.values.size()), FieldFault::not_a_number});
        } else if (!std::isfinite(value)) {
            row.faults.push_back(
                {static_cast<std::uint32_t>(row.values.size()), FieldFault::not_finite});
        }
        row.values.push_back(value);
        i = whole ? stop : find_field_end(text, i);
    }
    row.blank = row.values.empty();
    return true;
}

EncodingFault find_encoding_fault(std::string_view bytes) {
    if (starts(bytes, std::string_view("\xFF\xFE\0\0", 4)) ||
        starts(bytes, std::string_view("\0\0\xFE\xFF", 4)))
        return {"UTF-32 text", 0};
    if (starts(bytes, "\xFF\xFE") || starts(bytes, "\xFE\xFF")) return {"UTF-16 text", 0};
    const std::size_t nul = bytes.find('\0');
    const std::size_t invalid = find_invalid_utf8(bytes);
    if (nul != std::string_view::npos && nul < invalid) return {"a NUL byte", nul};
    if (invalid != std::string_view::npos) return {"a byte that is not UTF-8", invalid};
    return {};
}

}  // namespace yolodata
