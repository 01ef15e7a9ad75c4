// SPDX-License-Identifier: Apache-2.0
#include "rule_tables.hpp"

namespace yolodata {

namespace {

// clang-format off
constexpr RuleInfo table[] = {
    {"checksum/bit-rot", Severity::error, Verdict::uses, Fix::none,
     "The content changed while size and modification time did not.",
     "A disk, cable or memory has damaged the file; nobody edited it.",
     "Restore the file from a copy and look after the disk."},
    {"checksum/changed", Severity::error, Verdict::uses, Fix::none,
     "The content changed, and size or modification time too.",
     "Either an edit, or a copy gone wrong; results can no longer be compared.",
     "Write a new manifest if the edit was meant, else restore the file."},
    {"checksum/missing", Severity::error, Verdict::never_sees, Fix::none,
     "Listed in the manifest, not there.",
     "Pictures or labels are missing from the training.",
     "Restore the file, or write a new manifest."},
    {"checksum/added", Severity::warning, Verdict::uses, Fix::none,
     "There, not listed in the manifest.",
     "The data is not what was signed off.",
     "Write a new manifest if the file is meant."},
    {"checksum/manifest-invalid", Severity::error, Verdict::uses, Fix::none,
     "The manifest does not parse, or its own digest or signature does not hold.",
     "Nothing can be compared with it.",
     "Restore the manifest, or write a new one."},
};
// clang-format on

}  // namespace

std::span<const RuleInfo> checksum_rules() {
    return table;
}

}  // namespace yolodata
