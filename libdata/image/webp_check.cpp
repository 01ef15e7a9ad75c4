// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "checks.hpp"
#include "webp.hpp"

namespace yolodata {
namespace {

// Pillow makes a decoder of the whole file when a data set is scanned, which fails for a file that
// is cut; the pixels are decoded in the training only.
void judge_pixels(const WebpFile& file, const WebpPixels& pixels, std::size_t size,
                  ImageReport& report) {
    if (file.ends_early)
        return raise_error(report, ImageRule::truncated, Verdict::drops_image,
                           fmt::format("the file ends at byte {} of {}: {} of {} rows are whole",
                                       size, file.end, pixels.rows, file.height));
    if (pixels.ends_early)
        return raise_error(report, ImageRule::truncated, Verdict::aborts,
                           fmt::format("the pixel data ends too early: {} of {} rows are whole",
                                       pixels.rows, file.height));
    if (!pixels.fault.empty())
        return raise_error(
            report, ImageRule::corrupt_data, Verdict::aborts,
            fmt::format("{} near row {} of {}", pixels.fault, pixels.rows + 1, file.height));
    report.whole = true;
    report.end = file.end;
    if (size > file.end)
        raise(
            report, ImageRule::trailing_data, Severity::info, Verdict::uses, Fix::none,
            fmt::format("{} bytes behind the picture's end at byte {}", size - file.end, file.end));
}

}  // namespace

void check_webp(std::span<const std::byte> bytes, const CheckOptions& options,
                ImageReport& report) {
    const WebpFile file = read_webp_header(bytes);
    if (!file.fault.empty()) {
        const bool cut = file.ends_early;
        return raise_error(
            report, cut ? ImageRule::truncated : ImageRule::corrupt_data, Verdict::drops_image,
            cut ? fmt::format("the file ends in its header at byte {}: 0 rows are whole",
                              bytes.size())
                : file.fault + ", in the header");
    }
    if (!accept_size(report, file.width, file.height, options)) return;
    if (options.header_only) {
        report.needs_more = !file.complete;
        return set_orientation(report, file.orientation);
    }
    report.mode = ColourMode::rgb;
    report.bits = 8;
    report.alpha = file.alpha;
    const WebpPixels pixels = read_webp_pixels(bytes, file);
    report.opaque = pixels.opaque;
    judge_pixels(file, pixels, bytes.size(), report);
    set_orientation(report, file.orientation);
    judge_colour(report);
    report.frames = file.frames;
    if (file.frames > 1)
        raise(report, ImageRule::multi_frame, Severity::warning, Verdict::uses, Fix::none,
              fmt::format("{} frames (animated WebP): only the first is trained on", file.frames));
}

}  // namespace yolodata
