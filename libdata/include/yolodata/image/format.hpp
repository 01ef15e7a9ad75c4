// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace yolodata {

/// Formats that are told apart by their first bytes. `unknown` is none of them.
enum class Format : std::uint8_t {
    unknown,
    jpeg,
    png,
    bmp,
    webp,
    tiff,  // pictures that a trainer reads
    gif,
    avif,
    heic,
    jpeg2000,
    jpeg_xl,
    dng,  // named, so that a finding can name them
    pnm,
    psd,
    ico,
    openexr,
    radiance,
    qoi,
    svg,
    pdf,
};

/// Decides by content, never by a file's name. Reads at most the first few hundred bytes; `unknown`
/// for fewer bytes than a signature needs.
Format detect_format(std::span<const std::byte> bytes);

/// "JPEG", "PNG", "JPEG 2000" …; "unknown".
std::string_view format_name(Format format);

/// true if decode() and check_image() read the format here: AVIF and HEIC need libheif, when built
/// and when run, with a decoder for them.
bool can_decode(Format format);

/// true if `path` carries a suffix of the format ("a.JPEG" for jpeg; case is ignored). The suffix
/// of a format without a common one, or of `unknown`, never fits.
bool suffix_fits(Format format, std::string_view path);

}  // namespace yolodata
