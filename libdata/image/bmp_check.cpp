// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "bmp.hpp"
#include "checks.hpp"

namespace yolodata {
namespace {

// Pillow opens what has a sound header and looks at no pixel when a data set is scanned.
void judge_header(const BmpHeader& header, ImageReport& report) {
    const ImageRule rule = header.unsupported  ? ImageRule::unsupported_format
                           : header.ends_early ? ImageRule::truncated
                                               : ImageRule::corrupt_data;
    raise_error(report, rule, Verdict::drops_image,
                header.ends_early ? header.fault + ": 0 rows are whole" : header.fault);
}

}  // namespace

void check_bmp(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report) {
    const BmpHeader header = read_bmp_header(bytes);
    if (!header.fault.empty()) return judge_header(header, report);
    if (!accept_size(report, header.width, header.height, options)) return;
    if (options.header_only) return;
    report.mode = header.bits <= 8 ? ColourMode::palette : ColourMode::rgb;
    report.bits = 8;
    report.alpha = header.masks[3].mask != 0;

    const BmpPixels pixels = read_bmp_pixels(bytes, header, {});
    report.whole = pixels.fault.empty();
    if (report.whole) {
        report.end = std::max(pixels.end, std::min(header.declared_size, bytes.size()));
        report.opaque = is_bmp_opaque(bytes, header);
        if (report.end < bytes.size())
            raise(report, ImageRule::trailing_data, Severity::info, Verdict::uses, Fix::none,
                  fmt::format("{} bytes behind the picture's end at byte {}",
                              bytes.size() - report.end, report.end));
    } else if (pixels.ends_early) {
        raise_error(
            report, ImageRule::truncated, Verdict::aborts,
            fmt::format("{}: {} of {} rows are whole", pixels.fault, pixels.rows, header.height));
    } else {
        raise_error(report, ImageRule::corrupt_data, Verdict::aborts, pixels.fault);
    }
    judge_colour(report);
}

}  // namespace yolodata
