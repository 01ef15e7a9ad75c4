// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace yolodata {

enum class Severity { info, warning, error };

/// What Ultralytics does with the object of a finding.
enum class Verdict { uses, drops_image, drops_row, rewrites_file, aborts, never_sees };

/// The remedy that `yolodata repair` would apply.
enum class Fix {
    none,
    clip,
    drop_row,
    drop_duplicate,
    append_eoi,
    cut_tail,
    normalise_pixels,
    rename,
    quarantine
};

/// One thing that is wrong with a dataset: a result, never an exception.
struct Finding {
    std::string_view rule;  ///< id in the catalogue (static storage), e.g. "label/out-of-range"
    Severity severity = Severity::error;
    Verdict verdict = Verdict::uses;
    Fix fix = Fix::none;
    std::string path;          ///< relative to the dataset's root, raw bytes
    std::uint32_t line = 0;    ///< from 1; 0 = does not apply
    std::uint32_t column = 0;  ///< the field's number in the row, from 1; 0 = does not apply
    std::string image;         ///< the image that the finding is about, empty = none
    std::string split;         ///< the first split that names it, empty = none
    std::string message;
    std::vector<std::string> related;  ///< the other paths of a finding about several files
};

/// The report's order: path, line, rule, column, message. A strict weak order over all fields that
/// are printed, so that the same dataset gives the same bytes whatever the number of threads.
bool report_order(const Finding& a, const Finding& b);

std::string_view to_string(Severity);
std::string_view to_string(Verdict);
std::string_view to_string(Fix);

}  // namespace yolodata
