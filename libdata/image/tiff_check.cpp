// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "checks.hpp"
#include "tiff_file.hpp"

namespace yolodata {
namespace {

ColourMode mode_of(const TiffFile& file) {
    switch (file.photometric()) {
        case PHOTOMETRIC_PALETTE:
            return ColourMode::palette;
        case PHOTOMETRIC_SEPARATED:
            return ColourMode::cmyk;
        case PHOTOMETRIC_MINISBLACK:
        case PHOTOMETRIC_MINISWHITE:
            return ColourMode::gray;
        default:
            return ColourMode::rgb;
    }
}

void judge_pixels(const TiffFile& file, const TiffPixels& pixels, ImageReport& report) {
    // Pillow opens what has a sound directory and looks at no pixel when a data set is scanned.
    if (pixels.fault.empty()) {
        report.whole = true;
    } else if (pixels.ends_early) {
        raise_error(report, ImageRule::truncated, Verdict::aborts,
                    fmt::format("the file ends before its pixels do: {} of {} rows are whole",
                                pixels.rows, file.height()));
    } else {
        raise_error(
            report, ImageRule::corrupt_data, Verdict::aborts,
            fmt::format("{} (near row {} of {})", pixels.fault, pixels.rows + 1, file.height()));
    }
}

}  // namespace

void check_tiff(std::span<const std::byte> bytes, const CheckOptions& options,
                ImageReport& report) {
    TiffFile file(bytes);
    if (!file.is_open() || file.width() <= 0 || file.height() <= 0) {
        if (file.directory_is_cut())
            return raise_error(
                report, ImageRule::truncated, Verdict::drops_image,
                fmt::format("the file ends at byte {}, before its directory: 0 rows are whole",
                            bytes.size()));
        return raise_error(report, ImageRule::corrupt_data, Verdict::drops_image,
                           file.error().empty() ? "its directory makes no picture" : file.error());
    }
    if (!accept_size(report, file.width(), file.height(), options)) return;
    if (const std::string why = file.unsupported(); !why.empty())
        return raise_error(report, ImageRule::unsupported_format, Verdict::drops_image,
                           why + " cannot be decoded here; convert it to 8 bits and three bands");
    if (options.header_only) {
        report.needs_more = !file.error().empty();
        return set_orientation(report, file.orientation());
    }
    report.mode = mode_of(file);
    report.bits = file.bits();
    report.alpha = file.has_alpha();
    const TiffPixels pixels = file.read_pixels();
    report.opaque = pixels.opaque;
    judge_pixels(file, pixels, report);
    set_orientation(report, file.orientation());
    judge_colour(report);
    report.frames = file.count_pages();
    if (report.frames > 1)
        raise(report, ImageRule::multi_frame, Severity::warning, Verdict::uses, Fix::none,
              fmt::format("{} pages: only the first is trained on", report.frames));
}

}  // namespace yolodata
