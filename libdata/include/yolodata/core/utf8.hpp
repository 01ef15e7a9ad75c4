// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace yolodata {

/// Length of the UTF-8 sequence at the start of `text`, 1…4; 0 if it is not well-formed (Unicode
/// 15, table 3-7: no overlong forms, no surrogates, nothing over U+10FFFF) or `text` is empty.
std::size_t utf8_sequence(std::string_view text);

/// Offset of the first byte that is not well-formed UTF-8, npos if there is none. Fast for ASCII.
std::size_t find_invalid_utf8(std::string_view text);

/// Each byte that is not well-formed UTF-8 as \xNN, so that a raw file name fits into JSON.
std::string escape_invalid_utf8(std::string_view text);

/// The same, and control characters as \n, \t or \xNN too: one line for a terminal, whatever the
/// name.
std::string printable(std::string_view text);

}  // namespace yolodata
