// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/finding.hpp"

#include <tuple>

namespace yolodata {

bool report_order(const Finding& a, const Finding& b) {
    const auto key = [](const Finding& f) {
        return std::tie(f.path, f.line, f.rule, f.column, f.message, f.severity, f.verdict, f.fix,
                        f.image, f.split, f.related);
    };
    return key(a) < key(b);
}

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::info:
            return "info";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return {};
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::uses:
            return "uses";
        case Verdict::drops_image:
            return "drops-image";
        case Verdict::drops_row:
            return "drops-row";
        case Verdict::rewrites_file:
            return "rewrites-file";
        case Verdict::aborts:
            return "aborts";
        case Verdict::never_sees:
            return "never-sees";
    }
    return {};
}

std::string_view to_string(Fix fix) {
    switch (fix) {
        case Fix::none:
            return "none";
        case Fix::clip:
            return "clip";
        case Fix::drop_row:
            return "drop-row";
        case Fix::drop_duplicate:
            return "drop-duplicate";
        case Fix::append_eoi:
            return "append-eoi";
        case Fix::cut_tail:
            return "cut-tail";
        case Fix::normalise_pixels:
            return "normalise-pixels";
        case Fix::rename:
            return "rename";
        case Fix::quarantine:
            return "quarantine";
    }
    return {};
}

}  // namespace yolodata
