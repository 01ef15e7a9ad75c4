// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <utility>

#include <jpeglib.h>

// After jpeglib.h, whose configuration decides which numbers the messages have.
#include <jerror.h>

namespace yolodata {

/// A warning of libjpeg, with the place where decoding stood.
struct JpegWarning {
    int code = 0;         ///< JWRN_…; 0 = none
    int number[2] = {};   ///< the message's numbers
    bool at_end = false;  ///< the file had ended by then
    int scan = 0;         ///< from 1; 0 = in the header
    int row = 0;          ///< first row of the picture that is not decoded whole, from 0
    std::size_t offset = 0;
};

/// libjpeg reading from memory: errors jump out to guarded(), warnings are kept, the end of the
/// bytes is answered with an end marker and remembered. Everything with a destructor stays outside
/// guarded().
class JpegDecompressor {
 public:
    explicit JpegDecompressor(std::span<const std::byte> bytes);
    ~JpegDecompressor();
    JpegDecompressor(const JpegDecompressor&) = delete;
    JpegDecompressor& operator=(const JpegDecompressor&) = delete;

    /// Runs body(); false if libjpeg gave up meanwhile. `body` may own nothing that has a
    /// destructor.
    template <class Body>
    bool guarded(Body&& body) {
        if (setjmp(errors_.jump)) return false;
        body();
        return true;
    }

    jpeg_decompress_struct info;

    /// More scans than any encoder makes: a small file of endless scans over a huge picture takes
    /// hours.
    static constexpr int max_scans = 500;

    /// Reads to the first scan; Exif orientation and multi-picture index are taken on the way.
    /// Guarded.
    void read_header();
    /// The first warning that means damage: pixels differ from what was stored. Guarded code fills
    /// it.
    const JpegWarning& damage() const { return errors_.damage; }
    bool ran_out() const { return source_.ran_out; }
    bool failed() const { return errors_.failed; }
    int error_code() const { return errors_.pub.msg_code; }
    std::string error_text();    ///< of the error that ended guarded()
    std::size_t offset() const;  ///< of the next byte to be read

    int orientation() const { return orientation_; }
    /// Multi-picture format (CIPA DC-007): number of pictures and offset behind the last; 0 = no
    /// index.
    int pictures() const { return pictures_; }
    std::size_t pictures_end() const { return pictures_end_; }
    bool ultra_hdr() const { return ultra_hdr_; }

    /// Input in pieces: from now on only the first `available` bytes are there, and libjpeg is told
    /// to wait for more. extend() makes more available, false if there are no more.
    void suspend_after(std::size_t available);
    bool extend(std::size_t more);

    /// From offset `from` on libjpeg gets zeros, which zeros() counts, until resume_at().
    void zeros_from(std::size_t from);
    void resume_at(std::size_t offset);
    int zeros() const { return source_.zeros; }

 private:
    struct Errors {
        jpeg_error_mgr pub;
        std::jmp_buf jump;
        JpegWarning damage;
        bool failed;
    };
    struct Source {
        jpeg_source_mgr pub;
        bool ran_out;
        bool suspends;
        bool gives_zeros;
        int zeros;         ///< given so far
        std::size_t skip;  ///< bytes still to be skipped once more is available
    };

    static JpegDecompressor& self(j_common_ptr info) {
        return *static_cast<JpegDecompressor*>(info->client_data);
    }
    static void on_error(j_common_ptr info);
    static void on_message(j_common_ptr info, int level);
    static boolean fill(j_decompress_ptr info);
    static void skip(j_decompress_ptr info, long count);
    static boolean on_segment(j_decompress_ptr info);
    void read_segment(std::span<const std::byte> content, int marker);
    void read_picture_index(std::span<const std::byte> tiff, std::size_t origin);

    std::span<const std::byte> bytes_;
    std::size_t available_;
    Errors errors_{};
    Source source_{};
    int orientation_ = 1;
    bool has_exif_ = false;
    int pictures_ = 0;
    std::size_t pictures_end_ = 0;
    bool ultra_hdr_ = false;
};

}  // namespace yolodata
