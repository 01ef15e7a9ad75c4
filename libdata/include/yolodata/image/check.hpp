// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/finding.hpp"
#include "yolodata/image/format.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

class GrayThumbnail;

/// The rules image/… that a file's bytes alone decide.
enum class ImageRule : std::uint8_t {
    empty,
    unknown_format,
    unsupported_format,
    truncated,
    corrupt_data,
    missing_eoi,
    trailing_data,
    too_small,
    too_large,
    exif_rotated,
    colour_mode,
    multi_frame,
};

/// The rule's id in the catalogue, "image/empty" (static storage).
std::string_view rule_id(ImageRule rule);

/// One thing that is wrong with, or worth knowing of, a picture. Severity, verdict and fix are
/// those of this very picture, as far as its bytes decide them.
struct ImageIssue {
    ImageRule rule = ImageRule::corrupt_data;
    Severity severity = Severity::error;
    Verdict verdict =
        Verdict::uses;  ///< what Ultralytics 8.4.190 does with the picture because of this
    Fix fix = Fix::none;
    std::string message;  ///< cause, place and number; without the file's name
};

enum class ColourMode : std::uint8_t { unknown, rgb, gray, palette, cmyk };

/// The pixels of a JPEG from the very pass that checks it, so that nothing is read twice.
struct CheckedPixels {
    /// Asked when the header is found good, before memory is taken, with the size as coded (px) and
    /// the EXIF orientation; false, or no function = no pixels.
    std::function<bool(int width, int height, int orientation)> wanted;
    int long_side = 0;  ///< as DecodeOptions::long_side
    /// What decode() gives. Empty where the check makes none: formats other than JPEG, and whatever
    /// is damaged, lacks its end marker or has fewer scans than it announces.
    Picture picture;
};

struct CheckOptions {
    /// Pictures of more pixels are refused from their header, before any allocation (0 = no limit).
    std::uint64_t max_pixels = 178'956'970;
    /// Only what the header says: format, size, orientation. No pixel is decoded.
    bool header_only = false;
    /// With header_only: the bytes are the first ones of a longer file.
    bool is_prefix = false;
    /// Where the picture's rows go as they are decoded; nullptr = nowhere. Not complete afterwards
    /// where damage was found, and for formats and layouts that the check does not read from top to
    /// bottom (interlaced PNG, BMP, WebP, TIFF). JPEGs give their rows at a reduced scale and
    /// unturned.
    GrayThumbnail* thumbnail = nullptr;
    /// Asked before a codec that decodes a whole picture at once (AVIF, HEIC) takes memory, with
    /// the bytes that it may take at most; false = too-large. Empty = it may.
    std::function<bool(std::uint64_t bytes)> may_take = {};
    /// nullptr, or a thumbnail beside = no pixels. The report is the same with and without them.
    CheckedPixels* pixels = nullptr;
};

/// What a strict look at a picture found. Fields that could not be read stay at their defaults.
struct ImageReport {
    Format format = Format::unknown;
    int header_width = 0, header_height = 0;  ///< px, as coded
    int width = 0, height = 0;                ///< px, EXIF orientation applied
    int orientation = 1;  ///< EXIF, 1…8; anything else in the file counts as 1
    ColourMode mode = ColourMode::unknown;
    int bits = 0;        ///< a channel
    bool alpha = false;  ///< an alpha channel or transparent colours
    bool opaque = true;  ///< … of which every pixel is fully opaque
    int frames = 1;      ///< pictures in the file that viewers would show
    bool needs_more =
        false;  ///< with CheckOptions::is_prefix: the prefix does not tell, all else is void
    bool whole = false;              ///< every pixel decodes and nothing in the data is damaged
    std::uint64_t end = 0;           ///< offset behind the picture's last byte; 0 = not found
    std::vector<ImageIssue> issues;  ///< in the order of ImageRule

    const ImageIssue* find(ImageRule rule) const;
};

/// Decodes the whole picture as strictly as its codec can and reports cause and place of each
/// fault: truncated at row N of H, bad entropy data near row N, a wrong CRC in chunk NAME at byte
/// B, a missing end marker, bytes behind the end. Damage is a result; the only exception is
/// std::bad_alloc. Bounded memory: a few rows, for progressive JPEG, interlaced PNG,
/// AVIF and HEIC the whole picture. Thread-safe.
///
/// Where empty, unknown-format, unsupported-format, too-large or too-small holds, it is the only
/// issue.
ImageReport check_image(std::span<const std::byte> bytes, const CheckOptions& options = {});

}  // namespace yolodata
