// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tiffio.h>

#include "yolodata/image/picture.hpp"

namespace yolodata {

/// What became of a TIFF's strips or tiles.
struct TiffPixels {
    int rows = 0;  ///< whole rows from the top
    bool opaque = true;
    bool ends_early = false;  ///< data lies behind the end of the file, or is shorter than its rows
    std::string fault;        ///< libtiff's words; empty = all is well
};

/// The first page of a TIFF in memory, read by libtiff: errors are kept, nothing is printed.
class TiffFile {
 public:
    explicit TiffFile(std::span<const std::byte> bytes);
    TiffFile(const TiffFile&) = delete;
    TiffFile& operator=(const TiffFile&) = delete;

    bool is_open() const { return tiff_ != nullptr; }
    const std::string& error() const { return error_; }
    /// The first directory reaches beyond the end of the file.
    bool directory_is_cut() const;

    int width() const { return static_cast<int>(width_); }
    int height() const { return static_cast<int>(height_); }
    int bits() const { return bits_; }        ///< a sample
    int samples() const { return samples_; }  ///< a pixel
    int photometric() const { return photometric_; }
    int orientation() const { return orientation_; }
    bool has_alpha() const { return alpha_; }
    /// Why this build cannot read the page; empty = it can.
    std::string unsupported();

    /// Decodes every strip or tile, a few at a time in memory.
    TiffPixels read_pixels();
    /// The page as stored, alpha dropped, 16 bits rounded to 8 as libtiff's RGBA interface does.
    /// false: error() says why.
    bool decode(Picture& picture);
    /// Pages that are no thumbnails of others; leaves the first page.
    int count_pages();

 private:
    struct Close {
        void operator()(TIFF* tiff) const { TIFFClose(tiff); }
    };
    static int on_error(TIFF*, void* self, const char* module, const char* format,
                        va_list arguments);
    void read_tags();
    bool has_sound_tiles() const;
    bool reaches_beyond_file(std::uint32_t part) const;
    int rows_before(std::uint32_t part) const;
    int rows_there(std::uint32_t part) const;
    void look_at_alpha(const std::vector<std::uint8_t>& samples, std::uint32_t part,
                       TiffPixels& pixels) const;

    std::span<const std::byte> bytes_;
    std::size_t position_ = 0;
    std::string error_;
    std::uint32_t width_ = 0, height_ = 0;
    std::uint16_t bits_ = 1, samples_ = 1, photometric_ = 0, orientation_ = 1,
                  format_ = SAMPLEFORMAT_UINT;
    std::uint16_t planes_ = PLANARCONFIG_CONTIG, compression_ = COMPRESSION_NONE;
    bool alpha_ = false;
    std::unique_ptr<TIFF, Close> tiff_;
};

}  // namespace yolodata
