// SPDX-License-Identifier: Apache-2.0
#include "reports/finding_key.hpp"

#include "yolodata/core/utf8.hpp"

namespace tools {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// The end of a number that begins at `at`: digits, a point, an exponent.
std::size_t end_of_number(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        const bool point = text[at] == '.' && at + 1 < text.size() && is_digit(text[at + 1]);
        std::size_t exponent = at + 1;
        if (text[at] == 'e' && exponent < text.size() &&
            (text[exponent] == '-' || text[exponent] == '+'))
            ++exponent;
        const bool has_exponent =
            text[at] == 'e' && exponent < text.size() && is_digit(text[exponent]);
        if (has_exponent) {
            at = exponent;
        } else if (!is_digit(text[at]) && !point) {
            break;
        }
        ++at;
    }
    return at;
}

std::string without_numbers(std::string_view text) {
    std::string kept;
    for (std::size_t i = 0; i < text.size();) {
        if (!is_digit(text[i])) {
            kept += text[i++];
            continue;
        }
        if (kept.ends_with('-')) kept.pop_back();
        kept += '#';
        i = end_of_number(text, i);
    }
    return kept;
}

}  // namespace

std::string finding_key(std::string_view rule, std::string_view path, std::string_view message) {
    std::string key(rule);
    key += '\0';
    key += path;
    key += '\0';
    return key + without_numbers(message);
}

std::string finding_key(const yolodata::Finding& finding) {
    return finding_key(finding.rule, yolodata::escape_invalid_utf8(finding.path),
                       yolodata::escape_invalid_utf8(finding.message));
}

}  // namespace tools
