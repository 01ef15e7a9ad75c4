// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

#include <fmt/format.h>

#include "checks.hpp"
#include "png_chunks.hpp"
#include "png_reader.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {
namespace {

class PngCheck {
 public:
    PngCheck(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report)
        : bytes_(bytes), options_(options), report_(report), chunks_(walk_png(bytes)) {}

    void run() {
        constexpr std::size_t first_chunk = 8;
        if (chunks_.fault != PngFault::none && chunks_.offset == first_chunk) return judge_header();
        if (!accept_size(report_, static_cast<int>(chunks_.width), static_cast<int>(chunks_.height),
                         options_))
            return;
        if (options_.header_only) return set_orientation(report_, chunks_.orientation);
        describe_colour();
        PngReader reader(bytes_);
        const bool started = reader.guarded([&] { start(reader); });
        bool read = false;
        if (started) {
            row_.resize(png_get_rowbytes(reader.png, reader.info));
            read = reader.guarded([&] { read_rows(reader); });
        }
        if (reader.out_of_memory()) throw std::bad_alloc();
        judge(reader, read);
        report_.opaque = opaque_;
        set_orientation(report_, chunks_.orientation);
        judge_colour(report_);
        judge_rest();
    }

 private:
    void describe_colour() {
        const int type = chunks_.colour_type;
        report_.bits = chunks_.bit_depth;
        report_.mode = type == 3                ? ColourMode::palette
                       : type == 0 || type == 4 ? ColourMode::gray
                                                : ColourMode::rgb;
        report_.alpha = type == 4 || type == 6 || chunks_.transparency;
    }

    void start(PngReader& reader) {
        // Byte for byte where the file ends early, so that every row that can be had is counted.
        if (chunks_.fault == PngFault::ends_early) png_set_compression_buffer_size(reader.png, 1);
        png_read_info(reader.png, reader.info);
        // Transparent colours become an alpha channel, so that one test serves all.
        const bool shown = options_.thumbnail != nullptr && !chunks_.interlaced;
        if (shown || png_get_valid(reader.png, reader.info, PNG_INFO_tRNS) != 0)
            png_set_expand(reader.png);
        if (shown)
            options_.thumbnail->begin(static_cast<int>(chunks_.width),
                                      static_cast<int>(chunks_.height));
        png_read_update_info(reader.png, reader.info);
        channels_ = png_get_channels(reader.png, reader.info);
        sample_bytes_ = png_get_bit_depth(reader.png, reader.info) == 16 ? 2 : 1;
    }

    // Interlaced pictures come as their seven small ones: no whole picture is held.
    void read_rows(PngReader& reader) {
        const std::uint32_t width = chunks_.width, height = chunks_.height;
        for (pass_ = 0; pass_ < (chunks_.interlaced ? 7 : 1); ++pass_) {
            const std::uint32_t columns = chunks_.interlaced ? PNG_PASS_COLS(width, pass_) : width;
            const std::uint32_t rows = chunks_.interlaced ? PNG_PASS_ROWS(height, pass_) : height;
            if (columns == 0) continue;
            for (row_number_ = 0; row_number_ < rows; ++row_number_) {
                png_read_row(reader.png, row_.data(), nullptr);
                look_at_alpha(columns);
                if (options_.thumbnail != nullptr && !chunks_.interlaced)
                    options_.thumbnail->add_row(row_.data(), channels_, sample_bytes_);
            }
        }
        png_read_end(reader.png, nullptr);
        complete_ = true;
    }

    void look_at_alpha(std::uint32_t columns) {
        if (!report_.alpha || !opaque_ || (channels_ != 2 && channels_ != 4)) return;
        const std::size_t step = static_cast<std::size_t>(channels_ * sample_bytes_);
        const png_byte* alpha = row_.data() + step - static_cast<std::size_t>(sample_bytes_);
        for (std::uint32_t x = 0; x < columns; ++x, alpha += step)
            if (alpha[0] != 255 || alpha[sample_bytes_ - 1] != 255) opaque_ = false;
    }

    bool all_rows() const { return complete_ || pass_ == (chunks_.interlaced ? 7 : 1); }

    std::string rows_whole() const {
        const std::uint32_t height = chunks_.height;
        if (all_rows()) return fmt::format("all {} rows are whole", height);
        if (!chunks_.interlaced) return fmt::format("{} of {} rows are whole", row_number_, height);
        return fmt::format("0 of {} rows are whole (it ends in pass {} of 7)", height, pass_ + 1);
    }

    std::string near_row() const {
        if (all_rows()) return "behind the last row";
        if (!chunks_.interlaced)
            return fmt::format("in row {} of {}", row_number_ + 1, chunks_.height);
        return fmt::format("in row {} of pass {} of 7", row_number_ + 1, pass_ + 1);
    }

    // Pillow reads every chunk with its checksum when a data set is scanned, but inflates nothing.
    void judge(const PngReader& reader, bool read) {
        switch (chunks_.fault) {
            case PngFault::bad_crc:
                return corrupt(
                    Verdict::drops_image,
                    fmt::format("CRC error in chunk {} at byte {} (stored {:08x}, computed {:08x})",
                                chunks_.chunk, chunks_.offset, chunks_.stored_crc,
                                chunks_.computed_crc));
            case PngFault::bad_chunk:
            case PngFault::bad_header:
                return judge_header();
            case PngFault::ends_early:
                if (!reader.ran_out() && reader.error()[0] != '\0')
                    break;  // damaged before it ends
                return raise_error(report_, ImageRule::truncated, Verdict::drops_image,
                                   ending() + rows_whole());
            case PngFault::none:
                break;
        }
        const Verdict verdict =
            chunks_.fault == PngFault::none ? Verdict::aborts : Verdict::drops_image;
        if (!read && std::strstr(reader.error(), "Not enough image data") != nullptr)
            return raise_error(report_, ImageRule::truncated, verdict,
                               "the pixel data (IDAT) ends too early: " + rows_whole());
        if (!read) return corrupt(verdict, fmt::format("{} {}", reader.error(), near_row()));
        if (reader.warning()[0] != '\0')
            return corrupt(Verdict::uses, fmt::format("{} {}", reader.warning(), near_row()));
        report_.whole = true;
    }

    std::string ending() const {
        if (chunks_.chunk.empty())
            return fmt::format("the file ends at byte {} without its last chunk (IEND): ",
                               bytes_.size());
        return fmt::format("the file ends inside chunk {}, which starts at byte {}: ",
                           chunks_.chunk, chunks_.offset);
    }

    void judge_header() {
        switch (chunks_.fault) {
            case PngFault::ends_early:
                return raise_error(
                    report_, ImageRule::truncated, Verdict::drops_image,
                    fmt::format("the file ends in its header at byte {}: 0 rows are whole",
                                bytes_.size()));
            case PngFault::bad_crc:
                return corrupt(Verdict::drops_image, fmt::format("CRC error in chunk {} at byte {}",
                                                                 chunks_.chunk, chunks_.offset));
            case PngFault::bad_chunk:
                return corrupt(
                    Verdict::drops_image,
                    chunks_.chunk.empty()
                        ? fmt::format("no chunk stands at byte {}, where one must", chunks_.offset)
                        : fmt::format("chunk {} at byte {} has an impossible length", chunks_.chunk,
                                      chunks_.offset));
            default:
                return corrupt(
                    Verdict::drops_image,
                    fmt::format(
                        "the header (IHDR) at byte {} is missing or holds impossible values",
                        chunks_.offset));
        }
    }

    void corrupt(Verdict verdict, std::string message) {
        raise_error(report_, ImageRule::corrupt_data, verdict, std::move(message));
    }

    void judge_rest() {
        report_.end = chunks_.end;
        if (chunks_.end != 0 && chunks_.end < bytes_.size())
            raise(report_, ImageRule::trailing_data, Severity::info, Verdict::uses, Fix::none,
                  fmt::format("{} bytes behind the picture's end at byte {}",
                              bytes_.size() - chunks_.end, chunks_.end));
        if (chunks_.frames < 2) return;
        report_.frames = static_cast<int>(std::min(chunks_.frames, 1u << 30));
        raise(
            report_, ImageRule::multi_frame, Severity::warning, Verdict::uses, Fix::none,
            fmt::format("{} frames (animated PNG): only the first is trained on", report_.frames));
    }

    std::span<const std::byte> bytes_;
    const CheckOptions& options_;
    ImageReport& report_;
    PngChunks chunks_;
    std::vector<png_byte> row_;
    int channels_ = 0, sample_bytes_ = 1, pass_ = 0;
    std::uint32_t row_number_ = 0;
    bool opaque_ = true, complete_ = false;
};

}  // namespace

void check_png(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report) {
    PngCheck(bytes, options, report).run();
}

}  // namespace yolodata
