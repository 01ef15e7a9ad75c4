// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/check.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks.hpp"

namespace yolodata {
namespace {

// Ultralytics lists these by suffix and asks Pillow for the format; the others it refuses.
Verdict verdict_of_unsupported(Format format) {
    switch (format) {
        case Format::avif:
        case Format::jpeg2000:
        case Format::dng:
            return Verdict::uses;
        default:
            return Verdict::drops_image;
    }
}

std::string_view turn_of(int orientation) {
    constexpr std::string_view turns[] = {"mirrored left to right",
                                          "turned by 180 degrees",
                                          "mirrored top to bottom",
                                          "mirrored along the main diagonal",
                                          "turned 90 degrees clockwise",
                                          "mirrored along the other diagonal",
                                          "turned 90 degrees counter-clockwise"};
    return turns[orientation - 2];
}

}  // namespace

std::string_view rule_id(ImageRule rule) {
    switch (rule) {
        case ImageRule::empty:
            return "image/empty";
        case ImageRule::unknown_format:
            return "image/unknown-format";
        case ImageRule::unsupported_format:
            return "image/unsupported-format";
        case ImageRule::truncated:
            return "image/truncated";
        case ImageRule::corrupt_data:
            return "image/corrupt-data";
        case ImageRule::missing_eoi:
            return "image/missing-eoi";
        case ImageRule::trailing_data:
            return "image/trailing-data";
        case ImageRule::too_small:
            return "image/too-small";
        case ImageRule::too_large:
            return "image/too-large";
        case ImageRule::exif_rotated:
            return "image/exif-rotated";
        case ImageRule::colour_mode:
            return "image/colour-mode";
        case ImageRule::multi_frame:
            return "image/multi-frame";
    }
    return {};
}

const ImageIssue* ImageReport::find(ImageRule rule) const {
    for (const ImageIssue& issue : issues)
        if (issue.rule == rule) return &issue;
    return nullptr;
}

void raise(ImageReport& report, ImageRule rule, Severity severity, Verdict verdict, Fix fix,
           std::string message) {
    report.issues.push_back({rule, severity, verdict, fix, std::move(message)});
}

void raise_error(ImageReport& report, ImageRule rule, Verdict verdict, std::string message) {
    raise(report, rule, Severity::error, verdict, Fix::quarantine, std::move(message));
}

void raise_unsupported(ImageReport& report, std::string message) {
    raise_error(report, ImageRule::unsupported_format, verdict_of_unsupported(report.format),
                std::move(message));
}

bool accept_size(ImageReport& report, int width, int height, const CheckOptions& options) {
    constexpr int smallest = 10;                         // px a side, Ultralytics' own limit
    constexpr std::uint64_t pillow_limit = 178'956'970;  // twice Pillow's MAX_IMAGE_PIXELS
    report.header_width = report.width = width;
    report.header_height = report.height = height;
    const std::uint64_t pixels =
        static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height);
    if (options.max_pixels != 0 && pixels > options.max_pixels) {
        raise_error(report, ImageRule::too_large,
                    pixels > pillow_limit ? Verdict::drops_image : Verdict::uses,
                    fmt::format("{} x {} are {} pixels, over the limit of {} (--max-pixels)", width,
                                height, pixels, options.max_pixels));
        return false;
    }
    if (width < smallest || height < smallest) {
        raise_error(report, ImageRule::too_small, Verdict::drops_image,
                    fmt::format("{} x {} px: a side under {} px cannot be trained on", width,
                                height, smallest));
        return false;
    }
    return true;
}

void set_orientation(ImageReport& report, int orientation) {
    report.orientation = orientation;
    if (orientation == 1) return;
    if (orientation >= 5) std::swap(report.width, report.height);
    raise(report, ImageRule::exif_rotated, Severity::warning, Verdict::uses, Fix::none,
          fmt::format("EXIF orientation {}: shown {} ({} x {} px); were the boxes drawn on it as "
                      "shown, or as "
                      "stored ({} x {} px)?",
                      orientation, turn_of(orientation), report.width, report.height,
                      report.header_width, report.header_height));
}

void judge_colour(ImageReport& report) {
    std::string what;
    auto add = [&what](std::string_view text) {
        what += (what.empty() ? "" : ", ") + std::string(text);
    };
    if (report.mode == ColourMode::gray) add("gray");
    if (report.mode == ColourMode::palette) add("palette");
    if (report.mode == ColourMode::cmyk) add("CMYK");
    if (report.bits > 8) add(fmt::format("{} bits a channel, of which 8 are used", report.bits));
    if (report.alpha)
        add(report.opaque ? "opaque alpha channel" : "transparent pixels, whose alpha is ignored");
    if (what.empty()) return;
    const bool loses =
        report.mode == ColourMode::cmyk || report.bits > 8 || (report.alpha && !report.opaque);
    raise(report, ImageRule::colour_mode, loses ? Severity::warning : Severity::info, Verdict::uses,
          Fix::none, "not 8-bit RGB: " + what);
}

namespace {

// Of a prefix, only what more bytes would not change is said.
bool needs_more(const ImageReport& report) {
    switch (report.format) {
        case Format::jpeg:
        case Format::bmp:
        case Format::webp:
        case Format::tiff:
            break;
        default:  // PNG may turn its picture behind the pixels; AVIF and HEIC say sizes in their
                  // data
            return true;
    }
    return std::any_of(report.issues.begin(), report.issues.end(), [](const ImageIssue& issue) {
        return issue.rule != ImageRule::too_small && issue.rule != ImageRule::too_large &&
               issue.rule != ImageRule::exif_rotated;
    });
}

}  // namespace

ImageReport check_image(std::span<const std::byte> bytes, const CheckOptions& options) {
    ImageReport report;
    if (bytes.empty()) {
        raise_error(report, ImageRule::empty, Verdict::drops_image, "the file is empty (0 bytes)");
        return report;
    }
    report.format = detect_format(bytes);
    switch (report.format) {
        case Format::jpeg:
            check_jpeg(bytes, options, report);
            break;
        case Format::png:
            check_png(bytes, options, report);
            break;
        case Format::bmp:
            check_bmp(bytes, options, report);
            break;
        case Format::webp:
            check_webp(bytes, options, report);
            break;
        case Format::tiff:
            check_tiff(bytes, options, report);
            break;
#ifdef YOLO_HAVE_HEIF
        case Format::avif:
        case Format::heic:
            check_heif(bytes, options, report);
            break;
#endif
        case Format::unknown:
            raise_error(report, ImageRule::unknown_format, Verdict::drops_image,
                        "the content is no known picture format");
            break;
        default:
            raise_unsupported(report,
                              fmt::format("{} cannot be decoded here; convert it to PNG or JPEG",
                                          format_name(report.format)));
    }
    if (options.is_prefix && (report.needs_more || needs_more(report))) {
        report = ImageReport();
        report.needs_more = true;
    }
    std::stable_sort(report.issues.begin(), report.issues.end(),
                     [](const ImageIssue& a, const ImageIssue& b) { return a.rule < b.rule; });
    return report;
}

}  // namespace yolodata
