// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "yolodata/image/check.hpp"

namespace yolodata {

/// The strict checks, one a format. report.format is set; they fill in the rest.
void check_jpeg(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
void check_png(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
void check_bmp(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
void check_webp(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
void check_tiff(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
#ifdef YOLO_HAVE_HEIF
void check_heif(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report);
#endif

/// Sets the sizes and raises what a header alone decides. false: too small or too large, nothing
/// else is to be said of the picture.
bool accept_size(ImageReport& report, int width, int height, const CheckOptions& options);
/// Sets the orientation (1…8) and turns the size; raises exif-rotated.
void set_orientation(ImageReport& report, int orientation);
/// Raises colour-mode where mode, bits and alpha are not those of an opaque 8-bit RGB picture.
void judge_colour(ImageReport& report);

void raise(ImageReport& report, ImageRule rule, Severity severity, Verdict verdict, Fix fix,
           std::string message);
/// unsupported-format, with what Ultralytics does with the report's format.
void raise_unsupported(ImageReport& report, std::string message);
/// An error whose only remedy is to put the picture aside.
void raise_error(ImageReport& report, ImageRule rule, Verdict verdict, std::string message);

}  // namespace yolodata
