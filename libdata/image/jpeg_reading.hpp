// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "jpeg_decompressor.hpp"
#include "yolodata/image/picture.hpp"

namespace yolodata {

class GrayThumbnail;

/// How the pixels of a picture are made: a scale of n/8, and whether they are those that decode()
/// gives (accurate DCT, smooth chroma, RGB) or only good enough to be looked at.
struct JpegScale {
    unsigned eighths = 8;
    bool accurate = true;
};

/// The smallest scale, of those that libjpeg-turbo makes quickly, whose long side is not under
/// `long_side` px (0 = the whole size).
unsigned jpeg_eighths(int width, int height, int long_side);

/// Sets the decompressor, whose header is read, to make rows of RGB (of CMYK, inks) as decode() gives.
void set_accurate(jpeg_decompress_struct& info, unsigned eighths);

/// The next row of the picture, as RGB. `inks` has 4 · output_width bytes if the picture is CMYK.
/// Guarded.
void read_rgb_row(jpeg_decompress_struct& info, std::uint8_t* rgb, JSAMPLE* inks);

/// One strict pass over a JPEG: every entropy-coded bit is read, and what was met is kept for
/// whoever judges it. Pictures of one scan are read row by row, of the others the coefficients of
/// all scans are gathered first.
class JpegReading {
 public:
    explicit JpegReading(std::span<const std::byte> bytes) : jpeg_(bytes) {}

    bool read_header() {
        return jpeg_.guarded([this] { jpeg_.read_header(); });
    }
    /// false: libjpeg gave up. The rows go to `thumbnail` or, in accurate pixels, to `picture`,
    /// which may be null; the rows of a picture of several scans are not made here. May throw
    /// std::bad_alloc.
    bool read_all(const JpegScale& scale, GrayThumbnail* thumbnail, Picture* picture);
    /// The rows of a picture of several scans, read whole. false: libjpeg gave up.
    bool show_scans(GrayThumbnail* thumbnail, Picture* picture);

    JpegDecompressor& jpeg() { return jpeg_; }
    const JpegDecompressor& jpeg() const { return jpeg_; }
    const jpeg_decompress_struct& info() const { return jpeg_.info; }
    /// Offset behind the picture; 0 = not reached.
    std::uint64_t end() const { return end_; }
    bool several_scans() const { return jpeg_.info.buffered_image != FALSE; }
    bool too_many_scans() const { return too_many_scans_; }
    /// A component of which no scan told anything: libjpeg leaves it gray without a word.
    bool lacks_components() const;
    /// A scan that a picture needs to be complete. Without its end marker a file of several scans
    /// may lack whole ones.
    bool lacks_scans() const;

 private:
    void start(const JpegScale& scale);
    void make_room(Picture* picture);
    void read_lines(GrayThumbnail* thumbnail, Picture* picture);
    void read_scans();
    void note_components();

    JpegDecompressor jpeg_;
    std::vector<JSAMPLE> row_;
    std::array<bool, MAX_COMPONENTS> seen_{};
    std::uint64_t end_ = 0;
    bool too_many_scans_ = false;
};

}  // namespace yolodata
