// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "common/command_line.hpp"
#include "yolodata/core/error.hpp"

namespace tools {

namespace {

/// Bytes of a unit ("", "k", "MiB", …) or 0 if it is none.
double unit_bytes(std::string_view unit) {
    if (!unit.empty() && (unit.back() == 'B' || unit.back() == 'b')) unit.remove_suffix(1);
    if (unit.empty()) return 1;
    double base = 1000;
    if (unit.size() == 2 && unit[1] == 'i') {
        base = 1024;
        unit.remove_suffix(1);
    }
    if (unit.size() != 1) return 0;
    constexpr std::string_view letters = "KMGT";
    const char upper = unit[0] >= 'a' ? static_cast<char>(unit[0] - 'a' + 'A') : unit[0];
    const auto power = letters.find(upper);
    return power == std::string_view::npos ? 0 : std::pow(base, static_cast<double>(power) + 1);
}

}  // namespace

ByteSize parse_byte_size(const std::string& text) {
    double number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
    std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    const double factor = error == std::errc{} ? unit_bytes(unit) : 0;
    const double bytes = number * factor;
    if (factor == 0 || !(bytes >= 0) || bytes > 9e18) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "'" + text + "' is no size; write it as 512MiB, 2GiB or 1.5G");
    }
    return {static_cast<std::uint64_t>(std::llround(bytes))};
}

}  // namespace tools
