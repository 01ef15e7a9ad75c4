// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yolodata {

/// Why a field has no finite value.
enum class FieldFault : std::uint8_t { not_a_number, not_finite };

/// One row of a label file. `text` points into the file's text.
struct LabelRow {
    std::uint32_t line = 0;      ///< from 1
    std::string_view text;       ///< without the line end
    bool blank = false;          ///< white space only; then there are no fields
    std::vector<double> values;  ///< one a field; NaN or infinity where `faults` says so

    struct Fault {
        std::uint32_t field = 0;  ///< index into values
        FieldFault kind = FieldFault::not_a_number;
    };
    std::vector<Fault> faults;  ///< fields without a finite value, in order

    /// The field as written (index from 0); found again by scanning the row.
    std::string_view field(std::size_t index) const;
};

/// Walks over the rows of a label file's text (UTF-8, without byte-order mark). Rows end and fields
/// are separated where Python's str.splitlines() and str.split() end and separate them; lines
/// without any character are passed over but counted. Numbers are ASCII decimals in full (sign,
/// digits, point, exponent); inf, infinity and nan of any case are numbers that are not finite, and
/// so is what overflows a double. Locale-free; allocates nothing once the row's vectors have grown.
class LabelReader {
 public:
    explicit LabelReader(std::string_view text) : rest_(text) {}
    /// The next row, also a blank one; false at the end.
    bool next(LabelRow& row);

 private:
    std::string_view rest_;
    std::uint32_t line_ = 0;
};

/// The byte-order mark of UTF-8.
inline constexpr std::string_view utf8_bom = "\xEF\xBB\xBF";

/// What keeps a file's bytes from being read as text.
struct EncodingFault {
    std::string what;        ///< "NUL byte", "UTF-16 text" …; empty = none
    std::size_t offset = 0;  ///< of the first bad byte
    explicit operator bool() const noexcept { return !what.empty(); }
};
EncodingFault find_encoding_fault(std::string_view bytes);

/// A number in full as described at LabelReader. false: it is none, and `value` is NaN.
bool parse_number(std::string_view text, double& value);

}  // namespace yolodata
