// SPDX-License-Identifier: Apache-2.0
#include "rule_tables.hpp"

namespace yolodata {

namespace {

// clang-format off: a table
constexpr RuleInfo table[] = {
    {"dataset/config-invalid", Severity::error, Verdict::aborts, Fix::none,
     "data.yaml does not parse, or does not say what a training needs.",
     "The run dies at its start.",
     "Correct data.yaml as the message says."},
    {"dataset/split-missing", Severity::error, Verdict::aborts, Fix::none,
     "A folder, list file or glob that data.yaml names does not exist.",
     "The run dies at its start.",
     "Correct the path in data.yaml, or bring the folder back."},
    {"dataset/split-empty", Severity::error, Verdict::aborts, Fix::none,
     "A split without one usable image.",
     "The run dies at its start.",
     "Add images to the split, or correct its path."},
    {"dataset/not-portable", Severity::warning, Verdict::aborts, Fix::none,
     "A split that is read here and that Ultralytics 8.4.190 cannot find.",
     "The same data.yaml works with one program and not with the other.",
     "Name folders instead of globs; begin relative lines of list files with ./"},
    {"dataset/duplicate-class-name", Severity::warning, Verdict::uses, Fix::none,
     "Two classes of one name.",
     "Objects of one kind are split over two classes, and metrics with them.",
     "Merge the classes or give them different names."},
    {"dataset/download-ignored", Severity::info, Verdict::uses, Fix::none,
     "data.yaml carries a download entry; it is never run here.",
     "Ultralytics executes it where the images are not found.",
     "Remove it once the data is there."},
};
// clang-format on

}  // namespace

std::span<const RuleInfo> dataset_rules() { return table; }

}  // namespace yolodata
