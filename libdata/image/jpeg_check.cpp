// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <new>
#include <utility>

#include <fmt/format.h>

#include "arithmetic.hpp"
#include "checks.hpp"
#include "codecs.hpp"
#include "jpeg_reading.hpp"
#include "pillow.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {
namespace {

bool ends_with_eoi(std::span<const std::byte> bytes) {
    return bytes.size() >= 2 && bytes[bytes.size() - 2] == std::byte{0xFF} &&
           bytes.back() == std::byte{JPEG_EOI};
}

/// Reads a JPEG and judges what the reading met. With `pixels`, in the pass that makes them: what it
/// says then holds where it is clean().
class JpegCheck {
 public:
    JpegCheck(std::span<const std::byte> bytes, const CheckOptions& options, CheckedPixels* pixels,
              ImageReport& report)
        : bytes_(bytes), options_(options), pixels_(pixels), report_(report), reading_(bytes),
          jpeg_(reading_.jpeg()), info_(jpeg_.info) {}

    void run() {
        const bool header = reading_.read_header();
        if (!header &&
            jpeg_.ran_out())  // sizes, if any, may be made up of what was read past the end
            return raise_error(
                report_, ImageRule::truncated, Verdict::drops_image,
                fmt::format("the file ends in its header at byte {}: 0 rows are whole",
                            bytes_.size()));
        if (info_.image_width != 0 && info_.image_height != 0 &&
            !accept_size(report_, static_cast<int>(info_.image_width),
                         static_cast<int>(info_.image_height), options_))
            return;
        report_.mode = info_.num_components == 4   ? ColourMode::cmyk
                       : info_.num_components == 1 ? ColourMode::gray
                                                   : ColourMode::rgb;
        report_.bits = info_.data_precision;
        if (header && info_.data_precision != 8)
            return refuse(fmt::format(
                "a JPEG of {} bits a channel cannot be decoded here; convert it to 8 bits",
                info_.data_precision));
        if (header && options_.header_only) {
            report_.needs_more = jpeg_.ran_out();
            return set_orientation(report_, jpeg_.orientation());
        }
        const bool read = header && read_all();
        if (!read && jpeg_.error_code() == JERR_OUT_OF_MEMORY) throw std::bad_alloc();
        in_data_ = header;
        judge(read);
        if (report_.whole && reading_.several_scans()) show_scans();
    }

    /// The pass was one that makes pixels.
    bool made_pixels() const { return tried_; }
    /// … and met nothing that a pass without them could judge differently.
    bool clean() const {
        return report_.whole && jpeg_.damage().code == 0 && !jpeg_.failed() && !jpeg_.ran_out() &&
               tried_ && !pixels_->picture.empty();
    }

 private:
    bool read_all() {
        if (pixels_ != nullptr &&
            !(pixels_->wanted && pixels_->wanted(report_.header_width, report_.header_height,
                                                 jpeg_.orientation())))
            pixels_ = nullptr;
        tried_ = pixels_ != nullptr;
        const bool read = reading_.read_all(scale(), options_.thumbnail, picture());
        report_.end = reading_.end();
        return read;
    }

    Picture* picture() { return pixels_ == nullptr ? nullptr : &pixels_->picture; }

    // Without pixels an eighth of the size: every coded bit is read all the same, and hardly
    // anything is transformed. Small pictures are read larger, so that the thumbnail has something
    // to take the mean of.
    JpegScale scale() const {
        if (pixels_ != nullptr)
            return {jpeg_eighths(report_.header_width, report_.header_height, pixels_->long_side)};
        constexpr unsigned enough = 48;  // px
        const unsigned side = std::min(info_.image_width, info_.image_height);
        unsigned eighths = 1;
        while (options_.thumbnail != nullptr && eighths < 8 && side * eighths / 8 < enough)
            eighths *= 2;
        return {eighths, false};
    }

    // The coefficients of a file of several scans are all there. Where some bits of them were never
    // sent, decode() smooths what is missing, which a reading of scans does not.
    void show_scans() {
        Picture* const wanted = reading_.lacks_scans() ? nullptr : picture();
        if (options_.thumbnail != nullptr || wanted != nullptr)
            reading_.show_scans(options_.thumbnail, wanted);
    }

    void judge(bool read) {
        const JpegWarning& damage = jpeg_.damage();
        const bool out_of_data = jpeg_.ran_out();
        if (!read && !out_of_data) {
            judge_failure();
        } else if (!read) {
            truncated(0, "the file ends between its scans");
        } else if (reading_.too_many_scans()) {
            corrupt(fmt::format("more than {} scans", JpegDecompressor::max_scans));
        } else if (is_end_of_file(damage)) {
            judge_cut(damage.scan, damage.row);
        } else if (damage.code != 0) {
            corrupt(describe(damage));
        } else if (const ShortScan cut = info_.arith_code ? find_short_scan(bytes_) : ShortScan{};
                   cut.scan != 0) {
            if (out_of_data)
                judge_cut(cut.scan, cut.row);
            else
                corrupt(fmt::format("the coded data ends in row {} of {}", cut.row + 1,
                                    report_.header_height));
        } else if (out_of_data && reading_.lacks_scans()) {
            truncated(0, fmt::format("the file ends after {} scans, before the last one",
                                     info_.input_scan_number));
        } else if (reading_.lacks_components()) {
            corrupt("not one scan of some of its components is there");
        } else {
            judge_end();
        }
        if (!report_.whole) report_.end = 0;
        set_orientation(report_, jpeg_.orientation());
        judge_colour(report_);
        judge_pictures();
    }

    // Does the warning only say that the file has ended? In a picture of one scan, codes that are
    // wrong and bytes that are left over were in the file.
    bool is_end_of_file(const JpegWarning& damage) const {
        const bool in_file =
            damage.code == JWRN_HUFF_BAD_CODE || damage.code == JWRN_EXTRANEOUS_DATA;
        return damage.code != 0 && damage.at_end && (reading_.several_scans() || !in_file);
    }

    void judge_cut(int scan, int row) {
        if (reading_.several_scans())
            truncated(0, fmt::format("the file ends in scan {} near row {} of {}", scan, row + 1,
                                     report_.header_height));
        else
            truncated(row,
                      fmt::format("the file ends in row {} of {}", row + 1, report_.header_height));
    }

    void judge_failure() {
        switch (jpeg_.error_code()) {
            case JERR_SOF_UNSUPPORTED:
                if (in_data_) break;  // the header was fine: damage that reads as such a marker
                [[fallthrough]];
            case JERR_BAD_PRECISION:
            case JERR_CONVERSION_NOTIMPL:
            case JERR_IMAGE_TOO_BIG:
                return refuse("this kind of JPEG cannot be decoded here: " + jpeg_.error_text());
            default:
                break;
        }
        // Pillow reads the header to the first scan and Ultralytics drops what fails there; behind
        // it OpenCV fails in the middle of the training.
        const bool opens = info_.image_width != 0 && info_.image_height != 0;
        const bool loads_at_check = opens && ends_with_eoi(bytes_);
        raise_error(report_, ImageRule::corrupt_data,
                    loads_at_check ? Verdict::aborts : Verdict::drops_image,
                    fmt::format("{} (at byte {})", jpeg_.error_text(), jpeg_.offset()));
    }

    void refuse(std::string message) {
        report_.issues.clear();
        raise_error(report_, ImageRule::unsupported_format, Verdict::drops_image,
                    std::move(message));
    }

    void truncated(int rows, std::string_view where) {
        raise_error(report_, ImageRule::truncated, verdict_of_end(),
                    fmt::format("{}: {} of {} rows are whole", where, rows, report_.header_height));
    }

    void corrupt(std::string message) {
        raise_error(report_, ImageRule::corrupt_data, verdict_of_end(), std::move(message));
    }

    std::string describe(const JpegWarning& damage) const {
        const int row = damage.row + 1, rows = report_.header_height;
        switch (damage.code) {
            case JWRN_HIT_MARKER:
                return fmt::format("the coded data ends in row {} of {}, at a marker (byte {})",
                                   row, rows, damage.offset);
            case JWRN_HUFF_BAD_CODE:
            case JWRN_ARITH_BAD_CODE:
                return fmt::format("bad entropy-coded data near row {} of {} (byte {})", row, rows,
                                   damage.offset);
            case JWRN_MUST_RESYNC:
                return fmt::format(
                    "marker 0x{:02x} instead of restart marker {} near row {} of {} (byte {})",
                    damage.number[0], damage.number[1], row, rows, damage.offset);
            case JWRN_EXTRANEOUS_DATA:
                return fmt::format(
                    "the picture is complete {} bytes before its coded data ends (marker 0x{:02x}, "
                    "byte "
                    "{}): the data is damaged somewhere before",
                    damage.number[0], damage.number[1], damage.offset);
            case JWRN_BOGUS_PROGRESSION:
                return fmt::format(
                    "the scans contradict each other (component {}, coefficient {}, scan {})",
                    damage.number[0], damage.number[1], damage.scan);
            default:
                return fmt::format("libjpeg's warning {} near row {} of {} (byte {})", damage.code,
                                   row, rows, damage.offset);
        }
    }

    // Complete pixels: what about the end?
    void judge_end() {
        report_.whole = true;
        if (jpeg_.ran_out()) {
            report_.end = 0;
            raise(report_, ImageRule::missing_eoi, Severity::warning, verdict_of_end(),
                  Fix::append_eoi, "every row decodes, but the end marker FF D9 is missing");
            return;
        }
        report_.end =
            std::max<std::uint64_t>(report_.end, std::min(jpeg_.pictures_end(), bytes_.size()));
        if (report_.end == bytes_.size()) return;
        const bool eoi = ends_with_eoi(bytes_);
        raise(
            report_, ImageRule::trailing_data, eoi ? Severity::info : Severity::warning,
            verdict_of_end(), eoi ? Fix::none : Fix::cut_tail,
            fmt::format(
                "{} bytes behind the picture's end at byte {}{}", bytes_.size() - report_.end,
                report_.end,
                eoi ? "" : "; the file does not end in FF D9, so Ultralytics would overwrite it"));
    }

    // A gain map (Ultra HDR) is no second frame.
    void judge_pictures() {
        if (!is_mpo()) return;
        report_.frames = jpeg_.pictures();
        raise(report_, ImageRule::multi_frame, Severity::warning, Verdict::uses, Fix::none,
              fmt::format("{} pictures in one file (MPO): only the first is trained on",
                          report_.frames));
    }

    bool is_mpo() const { return jpeg_.pictures() > 1 && !jpeg_.ultra_hdr(); }

    // A JPEG that does not end in FF D9 is loaded by Pillow when the data set is scanned, and
    // overwritten; one that does, and what Pillow calls MPO, is not looked into before the
    // training.
    Verdict verdict_of_end() const {
        if (is_mpo() || ends_with_eoi(bytes_)) return Verdict::uses;
        return pillow_loads_jpeg(bytes_) ? Verdict::rewrites_file : Verdict::drops_image;
    }

    std::span<const std::byte> bytes_;
    const CheckOptions& options_;
    CheckedPixels* pixels_;
    ImageReport& report_;
    JpegReading reading_;
    JpegDecompressor& jpeg_;
    jpeg_decompress_struct& info_;
    bool in_data_ = false;  ///< the header could be read
    bool tried_ = false;    ///< this pass was to make pixels
};

}  // namespace

void check_jpeg(std::span<const std::byte> bytes, const CheckOptions& options,
                ImageReport& report) {
    CheckedPixels* const pixels = options.thumbnail == nullptr ? options.pixels : nullptr;
    const ImageReport before = report;
    {
        JpegCheck check(bytes, options, pixels, report);
        check.run();
        if (!check.made_pixels()) return;
        if (check.clean()) {
            pixels->picture = orient(std::move(pixels->picture), report.orientation);
            return;
        }
    }
    // What is damaged is judged by the one pass that judges everything else, too.
    pixels->picture = Picture();
    report = before;
    JpegCheck(bytes, options, nullptr, report).run();
}

}  // namespace yolodata
