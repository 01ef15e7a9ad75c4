// SPDX-License-Identifier: Apache-2.0
#include "yolodata/image/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#ifdef YOLO_HAVE_HEIF
#include "heif_boxes.hpp"
#include "heif_pixels.hpp"
#endif

namespace yolodata {
namespace {

struct Known {
    Format format;
    std::string_view name;
    std::string_view suffixes;  // separated and enclosed by blanks, lower case
};

constexpr std::array<Known, 20> known_formats{{
    {Format::unknown, "unknown", ""},
    {Format::jpeg, "JPEG", " .jpg .jpeg .jpe .jfif .mpo "},
    {Format::png, "PNG", " .png .apng "},
    {Format::bmp, "BMP", " .bmp .dib "},
    {Format::webp, "WebP", " .webp "},
    {Format::tiff, "TIFF", " .tif .tiff "},
    {Format::gif, "GIF", " .gif "},
    {Format::avif, "AVIF", " .avif .avifs "},
    {Format::heic, "HEIC", " .heic .heif .hif "},
    {Format::jpeg2000, "JPEG 2000", " .jp2 .j2k .jpf .jpx .j2c .jpc "},
    {Format::jpeg_xl, "JPEG XL", " .jxl "},
    {Format::dng, "DNG", " .dng "},
    {Format::pnm, "PNM", " .ppm .pgm .pbm .pnm .pam .pfm "},
    {Format::psd, "PSD", " .psd .psb "},
    {Format::ico, "ICO", " .ico .cur "},
    {Format::openexr, "OpenEXR", " .exr "},
    {Format::radiance, "Radiance HDR", " .hdr .rgbe .pic "},
    {Format::qoi, "QOI", " .qoi "},
    {Format::svg, "SVG", " .svg "},
    {Format::pdf, "PDF", " .pdf "},
}};

const Known& entry(Format format) {
    for (const Known& known : known_formats)
        if (known.format == format) return known;
    return known_formats[0];
}

using Bytes = std::span<const std::byte>;

bool stands_at(Bytes bytes, std::size_t offset, std::string_view text) {
    if (bytes.size() < offset + text.size()) return false;
    return std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset),
                      [](char c, std::byte b) { return static_cast<std::byte>(c) == b; });
}

using namespace std::string_view_literals;

// ISO base media files (ftyp box): the major brand, then the compatible ones, tell HEIC from AVIF
// and film.
Format brand_of(Bytes bytes) {
    const auto box =
        std::min<std::size_t>(bytes.size(), std::to_integer<std::size_t>(bytes[3]) |
                                                std::to_integer<std::size_t>(bytes[2]) << 8);
    for (std::size_t at = 8; at + 4 <= box && at < 256; at += at == 8 ? 8 : 4) {
        for (std::string_view brand : {"avif"sv, "avis"sv})
            if (stands_at(bytes, at, brand)) return Format::avif;
        for (std::string_view brand : {"heic"sv, "heix"sv, "hevc"sv, "hevx"sv, "heim"sv, "heis"sv})
            if (stands_at(bytes, at, brand)) return Format::heic;
    }
    return stands_at(bytes, 8, "mif1"sv) || stands_at(bytes, 8, "msf1"sv) ? Format::heic
                                                                          : Format::unknown;
}

// A DNG is a TIFF whose first directory holds the tag DNGVersion (0xC612).
bool has_dng_tag(Bytes bytes) {
    const bool little = stands_at(bytes, 0, "II"sv);
    auto number = [&](std::size_t at, int size) {
        std::size_t value = 0;
        for (int i = 0; i < size; ++i)
            value |= std::to_integer<std::size_t>(bytes[at + i]) << 8 * (little ? i : size - 1 - i);
        return value;
    };
    const std::size_t directory = bytes.size() < 8 ? bytes.size() : number(4, 4);
    if (directory + 2 > bytes.size()) return false;
    const std::size_t entries = number(directory, 2);
    for (std::size_t i = 0; i < entries && directory + 2 + 12 * (i + 1) <= bytes.size(); ++i)
        if (number(directory + 2 + 12 * i, 2) == 0xC612) return true;
    return false;
}

// Two letters are little: the size of the second header, where it is there, must be one that
// exists.
bool is_bmp(Bytes bytes) {
    if (!stands_at(bytes, 0, "BM"sv)) return false;
    if (bytes.size() < 18) return bytes.size() >= 14;
    const int size = std::to_integer<int>(bytes[14]);
    return bytes[15] == std::byte{0} && bytes[16] == std::byte{0} && bytes[17] == std::byte{0} &&
           (size == 12 || size == 16 || size == 40 || size == 52 || size == 56 || size == 64 ||
            size == 108 || size == 124);
}

bool is_pnm(Bytes bytes) {
    if (bytes.size() < 3 || bytes[0] != std::byte{'P'}) return false;
    const char kind = static_cast<char>(bytes[1]), next = static_cast<char>(bytes[2]);
    return std::string_view("1234567Ff").find(kind) != std::string_view::npos &&
           std::string_view(" \t\r\n#").find(next) != std::string_view::npos;
}

}  // namespace

Format detect_format(Bytes bytes) {
    struct Signature {
        std::size_t offset;
        std::string_view text;
        Format format;
    };
    static constexpr Signature signatures[] = {
        {0, "\xFF\xD8\xFF"sv, Format::jpeg},
        {0, "\x89PNG\r\n\x1A\n"sv, Format::png},
        {0, "GIF87a"sv, Format::gif},
        {0, "GIF89a"sv, Format::gif},
        {0, "\0\0\0\x0CjP  "sv, Format::jpeg2000},
        {0, "\xFF\x4F\xFF\x51"sv, Format::jpeg2000},
        {0, "\0\0\0\x0CJXL "sv, Format::jpeg_xl},
        {0, "\xFF\x0A"sv, Format::jpeg_xl},
        {0, "8BPS"sv, Format::psd},
        {0, "\0\0\1\0"sv, Format::ico},
        {0, "\x76\x2F\x31\x01"sv, Format::openexr},
        {0, "#?RADIANCE"sv, Format::radiance},
        {0, "#?RGBE"sv, Format::radiance},
        {0, "qoif"sv, Format::qoi},
        {0, "<svg"sv, Format::svg},
        {0, "%PDF-"sv, Format::pdf},
    };
    for (const Signature& signature : signatures)
        if (stands_at(bytes, signature.offset, signature.text)) return signature.format;
    if (stands_at(bytes, 0, "RIFF"sv) && stands_at(bytes, 8, "WEBP"sv)) return Format::webp;
    for (std::string_view start : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv})
        if (stands_at(bytes, 0, start)) return has_dng_tag(bytes) ? Format::dng : Format::tiff;
    if (bytes.size() >= 12 && stands_at(bytes, 4, "ftyp"sv)) return brand_of(bytes);
    if (is_bmp(bytes)) return Format::bmp;
    return is_pnm(bytes) ? Format::pnm : Format::unknown;
}

std::string_view format_name(Format format) {
    return entry(format).name;
}

bool can_decode(Format format) {
#ifdef YOLO_HAVE_HEIF
    if (format == Format::avif) return heif_obstacle(fourcc("av01")).empty();
    if (format == Format::heic) return heif_obstacle(fourcc("hvc1")).empty();
#endif
    return format == Format::jpeg || format == Format::png || format == Format::bmp ||
           format == Format::webp || format == Format::tiff;
}

bool suffix_fits(Format format, std::string_view path) {
    const auto dot = path.find_last_of("./");
    if (dot == std::string_view::npos || path[dot] != '.') return false;
    std::string suffix = " ";
    for (char c : path.substr(dot))
        suffix += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return entry(format).suffixes.find(suffix + ' ') != std::string_view::npos;
}

}  // namespace yolodata
