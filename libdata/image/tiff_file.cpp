// SPDX-License-Identifier: Apache-2.0
#include "tiff_file.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

namespace yolodata {
namespace {

constexpr tmsize_t largest_allocation = tmsize_t{1} << 30;
constexpr int most_pages = 10000;

}  // namespace

TiffFile::TiffFile(std::span<const std::byte> bytes) : bytes_(bytes) {
    const std::unique_ptr<TIFFOpenOptions, void (*)(TIFFOpenOptions*)> options(
        TIFFOpenOptionsAlloc(), TIFFOpenOptionsFree);
    if (options == nullptr) throw std::bad_alloc();
    TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), largest_allocation);
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, this);
    TIFFOpenOptionsSetWarningHandlerExtR(
        options.get(), [](TIFF*, void*, const char*, const char*, va_list) { return 1; }, nullptr);
    tiff_.reset(TIFFClientOpenExt(
        "memory", "r", this,
        [](thandle_t handle, void* to, tmsize_t size) -> tmsize_t {
            auto& me = *static_cast<TiffFile*>(handle);
            const std::size_t start = std::min(me.position_, me.bytes_.size());
            const std::size_t count =
                std::min(static_cast<std::size_t>(size), me.bytes_.size() - start);
            std::memcpy(to, me.bytes_.data() + start, count);
            me.position_ = start + count;
            return static_cast<tmsize_t>(count);
        },
        [](thandle_t, void*, tmsize_t) -> tmsize_t { return -1; },
        [](thandle_t handle, toff_t offset, int whence) -> toff_t {
            auto& me = *static_cast<TiffFile*>(handle);
            const std::size_t base = whence == SEEK_SET   ? 0
                                     : whence == SEEK_CUR ? me.position_
                                                          : me.bytes_.size();
            return me.position_ = base + offset;
        },
        [](thandle_t) { return 0; },
        [](thandle_t handle) -> toff_t { return static_cast<TiffFile*>(handle)->bytes_.size(); },
        [](thandle_t handle, void** base, toff_t* size) {
            const auto& me = *static_cast<TiffFile*>(handle);
            *base = const_cast<std::byte*>(
                me.bytes_.data());  // libtiff only reads a file opened for reading
            *size = me.bytes_.size();
            return 1;
        },
        [](thandle_t, void*, toff_t) {}, options.get()));
    if (tiff_ != nullptr) read_tags();
}

int TiffFile::on_error(TIFF*, void* self, const char*, const char* format, va_list arguments) {
    char text[256];
    std::vsnprintf(text, sizeof text, format, arguments);
    std::string& error = static_cast<TiffFile*>(self)->error_;
    if (error.empty()) error = text;  // later ones follow from the first
    return 1;
}

void TiffFile::read_tags() {
    TIFF* t = tiff_.get();
    TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &width_);
    TIFFGetField(t, TIFFTAG_IMAGELENGTH, &height_);
    TIFFGetFieldDefaulted(t, TIFFTAG_BITSPERSAMPLE, &bits_);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLESPERPIXEL, &samples_);
    TIFFGetFieldDefaulted(t, TIFFTAG_SAMPLEFORMAT, &format_);
    TIFFGetFieldDefaulted(t, TIFFTAG_PLANARCONFIG, &planes_);
    TIFFGetFieldDefaulted(t, TIFFTAG_COMPRESSION, &compression_);
    TIFFGetFieldDefaulted(t, TIFFTAG_ORIENTATION, &orientation_);
    TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &photometric_);
    if (orientation_ < 1 || orientation_ > 8) orientation_ = 1;
    std::uint16_t extra = 0, *kinds = nullptr;
    TIFFGetFieldDefaulted(t, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
    for (int i = 0; i < extra; ++i)
        alpha_ = alpha_ || kinds[i] == EXTRASAMPLE_ASSOCALPHA || kinds[i] == EXTRASAMPLE_UNASSALPHA;
}

bool TiffFile::directory_is_cut() const {
    if (bytes_.size() < 8) return true;
    const bool little = bytes_[0] == std::byte{'I'};
    auto number = [&](std::size_t at, std::size_t size) {
        std::size_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::to_integer<std::size_t>(bytes_[at + i])
                     << 8 * (little ? i : size - 1 - i);
        return value;
    };
    if (number(2, 2) == 43)
        return bytes_.size() < 16 || number(8, 8) + 8 > bytes_.size();  // BigTIFF
    const std::size_t directory = number(4, 4);
    return directory + 2 > bytes_.size() ||
           directory + 2 + 12 * number(directory, 2) > bytes_.size();
}

std::string TiffFile::unsupported() {
    if (samples_ > 4) return "a TIFF of " + std::to_string(samples_) + " bands";
    if (format_ != SAMPLEFORMAT_UINT && format_ != SAMPLEFORMAT_VOID)
        return "a TIFF of float or signed samples";
    if (TIFFIsCODECConfigured(compression_) == 0)
        return "TIFF compression " + std::to_string(compression_);
    TIFFRGBAImage image;
    char why[1024] = "";
    if (TIFFRGBAImageBegin(&image, tiff_.get(), 1, why) == 0)
        return std::string("this kind of TIFF (") + why + ")";
    TIFFRGBAImageEnd(&image);
    return {};
}

// Part = strip or tile.
bool TiffFile::reaches_beyond_file(std::uint32_t part) const {
    const std::uint64_t offset = TIFFGetStrileOffset(tiff_.get(), part),
                        count = TIFFGetStrileByteCount(tiff_.get(), part);
    return offset > bytes_.size() || count > bytes_.size() - offset;
}

int TiffFile::rows_before(std::uint32_t part) const {
    TIFF* t = tiff_.get();
    std::uint32_t rows = height_, across = 1;
    if (TIFFIsTiled(t) != 0) {
        std::uint32_t tile_width = width_;
        TIFFGetField(t, TIFFTAG_TILEWIDTH, &tile_width);
        TIFFGetField(t, TIFFTAG_TILELENGTH, &rows);
        across = (width_ + tile_width - 1) / std::max(tile_width, 1u);
    } else {
        TIFFGetFieldDefaulted(t, TIFFTAG_ROWSPERSTRIP, &rows);
    }
    rows = std::clamp(rows, 1u, std::max(height_, 1u));
    const std::uint32_t in_plane = (height_ + rows - 1) / rows * across;
    return static_cast<int>(
        std::min(height_, part % std::max(in_plane, 1u) / std::max(across, 1u) * rows));
}

// Whole rows of a strip without compression that the end of the file has left.
int TiffFile::rows_there(std::uint32_t part) const {
    const std::uint64_t offset = TIFFGetStrileOffset(tiff_.get(), part);
    if (compression_ != COMPRESSION_NONE || TIFFIsTiled(tiff_.get()) != 0 ||
        offset >= bytes_.size())
        return 0;
    const tmsize_t row = TIFFScanlineSize(tiff_.get());
    return row > 0 ? static_cast<int>(std::min<std::uint64_t>(
                         (bytes_.size() - offset) / static_cast<std::uint64_t>(row), height_))
                   : 0;
}

// A tile far larger than the picture is an attack, not a picture.
bool TiffFile::has_sound_tiles() const {
    const tmsize_t size =
        TIFFIsTiled(tiff_.get()) != 0 ? TIFFTileSize(tiff_.get()) : TIFFStripSize(tiff_.get());
    const std::uint64_t page = (std::uint64_t{width_} * bits_ * samples_ / 8 + 1) * height_;
    return size > 0 && static_cast<std::uint64_t>(size) <= 4 * page + (1u << 24);
}

void TiffFile::look_at_alpha(const std::vector<std::uint8_t>& samples, std::uint32_t part,
                             TiffPixels& pixels) const {
    if (!alpha_ || !pixels.opaque || (bits_ != 8 && bits_ != 16)) return;
    std::size_t step = samples_, first = samples_ - 1u;
    if (planes_ == PLANARCONFIG_SEPARATE) {
        const std::uint32_t parts = TIFFIsTiled(tiff_.get()) != 0 ? TIFFNumberOfTiles(tiff_.get())
                                                                  : TIFFNumberOfStrips(tiff_.get());
        if (part < parts / samples_ * (samples_ - 1u)) return;
        step = 1, first = 0;
    }
    const std::size_t size = bits_ / 8u;
    for (std::size_t i = first * size; i + size <= samples.size(); i += step * size)
        if (samples[i] != 255 || samples[i + size - 1] != 255) pixels.opaque = false;
}

TiffPixels TiffFile::read_pixels() {
    TiffPixels pixels;
    TIFF* t = tiff_.get();
    const bool tiled = TIFFIsTiled(t) != 0;
    if (!has_sound_tiles()) {
        pixels.fault = "impossible size of its tiles or strips";
        return pixels;
    }
    std::vector<std::uint8_t> samples;
    const std::uint32_t parts = tiled ? TIFFNumberOfTiles(t) : TIFFNumberOfStrips(t);
    pixels.rows = height();
    for (std::uint32_t part = 0; part < parts; ++part) {
        samples.resize(static_cast<std::size_t>(tiled ? TIFFTileSize(t) : TIFFStripSize(t)));
        const auto capacity = static_cast<tmsize_t>(samples.size());
        const bool cut = reaches_beyond_file(part);
        const tmsize_t got = cut     ? -1
                             : tiled ? TIFFReadEncodedTile(t, part, samples.data(), capacity)
                                     : TIFFReadEncodedStrip(t, part, samples.data(), capacity);
        if (got < 0) {
            pixels.rows = std::min(pixels.rows, rows_before(part) + rows_there(part));
            pixels.ends_early = cut;
            pixels.fault = cut              ? "the file ends"
                           : error_.empty() ? "the coded data is damaged"
                                            : error_;
            return pixels;
        }
        samples.resize(static_cast<std::size_t>(got));
        // Tiles at the edge reach beyond the picture, where anything may stand.
        if (!tiled) look_at_alpha(samples, part, pixels);
    }
    return pixels;
}

bool TiffFile::decode(Picture& picture) {
    TIFF* t = tiff_.get();
    if (alpha_) {
        // Called premultiplied, the colours are passed on as they stand.
        std::vector<std::uint16_t> kinds(1, EXTRASAMPLE_ASSOCALPHA);
        TIFFSetField(t, TIFFTAG_EXTRASAMPLES, 1, kinds.data());
    }
    TIFFRGBAImage image;
    char why[1024] = "";
    if (TIFFRGBAImageBegin(&image, t, 1, why) == 0) {
        error_ = why;
        return false;
    }
    image.req_orientation = image.orientation;  // as stored
    std::vector<std::uint32_t> raster(std::size_t{width_} * height_);
    const int done = TIFFRGBAImageGet(&image, raster.data(), width_, height_);
    TIFFRGBAImageEnd(&image);
    if (done == 0) return false;
    picture = Picture(width(), height());
    for (std::size_t i = 0; i < raster.size(); ++i) {
        picture.rgb[3 * i] = static_cast<std::uint8_t>(TIFFGetR(raster[i]));
        picture.rgb[3 * i + 1] = static_cast<std::uint8_t>(TIFFGetG(raster[i]));
        picture.rgb[3 * i + 2] = static_cast<std::uint8_t>(TIFFGetB(raster[i]));
    }
    return true;
}

int TiffFile::count_pages() {
    int pages = 0, directories = 0;
    do {
        std::uint32_t kind = 0;
        TIFFGetField(tiff_.get(), TIFFTAG_SUBFILETYPE, &kind);
        if ((kind & FILETYPE_REDUCEDIMAGE) == 0) ++pages;
    } while (++directories < most_pages && TIFFReadDirectory(tiff_.get()) != 0);
    TIFFSetDirectory(tiff_.get(), 0);
    return std::max(pages, 1);
}

}  // namespace yolodata
