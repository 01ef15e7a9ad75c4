// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "checks.hpp"
#include "heif_file.hpp"
#include "heif_pixels.hpp"
#include "yolodata/image/thumbnail.hpp"

namespace yolodata {
namespace {

// Pillow reads the boxes when a data set is scanned and drops what fails there; pixels are decoded
// in the training only, which ends where that fails.
class HeifCheck {
 public:
    HeifCheck(std::span<const std::byte> bytes, const CheckOptions& options, ImageReport& report)
        : bytes_(bytes), options_(options), report_(report), file_(read_heif_file(bytes)) {}

    void run() {
        if (!file_.fault.empty()) return judge_boxes();
        const bool cropped = report_.format == Format::heic;
        if (!accept_size(report_, cropped ? file_.crop_width : file_.width,
                         cropped ? file_.crop_height : file_.height, options_) ||
            !accept_parts())
            return;
        if (options_.header_only) return judge_orientation();
        if (const std::string why = heif_obstacle(file_.codec); !why.empty()) return refuse(why);
        const std::uint64_t memory = heif_memory(file_);
        if (options_.may_take && !options_.may_take(memory)) return too_large_for_memory(memory);
        if (file_.lacks_data) return judge_cut(Verdict::aborts);
        const HeifPixels pixels = read_heif_pixels(bytes_, file_, report_.format == Format::heic);
        if (pixels.is_unsupported) return refuse(pixels.fault);
        judge_pixels(pixels);
    }

 private:
    void refuse(const std::string& why) {
        report_.issues.clear();
        raise_unsupported(report_,
                          fmt::format("{} cannot be decoded here ({}); convert it to PNG or JPEG",
                                      format_name(report_.format), why));
    }

    void judge_boxes() {
        if (file_.only_track) return refuse("a sequence without a still picture");
        raise_error(report_, file_.ends_early ? ImageRule::truncated : ImageRule::corrupt_data,
                    Verdict::drops_image,
                    file_.ends_early
                        ? fmt::format("the file ends in its header at byte {}: 0 rows are whole",
                                      bytes_.size())
                        : file_.fault);
    }

    // What the boxes promise is not what a decoder makes room for.
    bool accept_parts() {
        if (options_.max_pixels == 0 || file_.largest.pixels() <= options_.max_pixels) return true;
        report_.issues.clear();
        raise_error(report_, ImageRule::too_large, Verdict::drops_image,
                    fmt::format("the boxes say {} x {} px, a part of the coded data is {} x {}: {} "
                                "pixels, over the limit of {} (--max-pixels)",
                                file_.width, file_.height, file_.largest.width,
                                file_.largest.height, file_.largest.pixels(), options_.max_pixels));
        return false;
    }

    void too_large_for_memory(std::uint64_t memory) {
        raise_error(report_, ImageRule::too_large, Verdict::uses,
                    fmt::format("{} x {} px are decoded at once, which may take {} MiB: more than "
                                "--max-memory leaves",
                                file_.width, file_.height, memory >> 20));
    }

    void judge_cut(Verdict verdict) {
        raise_error(report_, ImageRule::truncated, verdict,
                    fmt::format("the file ends at byte {} of {}: 0 of {} rows are whole",
                                bytes_.size(), file_.needs, file_.crop_height));
    }

    void judge_pixels(const HeifPixels& pixels) {
        report_.mode = file_.gray ? ColourMode::gray : ColourMode::rgb;
        report_.bits = pixels.bits;
        report_.alpha = pixels.alpha;
        report_.opaque = pixels.opaque;
        report_.frames = std::max(file_.frames, pixels.pictures);
        if (file_.needs > bytes_.size()) {
            judge_cut(pixels.fault.empty() ? Verdict::uses : Verdict::aborts);
        } else if (!pixels.fault.empty()) {
            raise_error(report_, ImageRule::corrupt_data,
                        pixels.is_shown ? Verdict::uses
                        : pixels.opened ? Verdict::aborts
                                        : Verdict::drops_image,
                        "the coded data is damaged: " + pixels.fault);
        } else {
            judge_whole(pixels.picture);
        }
        judge_orientation();
        judge_colour(report_);
        if (report_.frames > 1)
            raise(report_, ImageRule::multi_frame, Severity::warning, Verdict::uses, Fix::none,
                  fmt::format("{} pictures ({}): only the first is trained on", report_.frames,
                              format_name(report_.format)));
    }

    void judge_whole(const Picture& picture) {
        report_.whole = true;
        report_.end = file_.end;
        report_.width = picture.width;
        report_.height = picture.height;
        if (options_.thumbnail != nullptr) options_.thumbnail->add(picture);
        if (bytes_.size() > file_.end)
            raise(report_, ImageRule::trailing_data, Severity::info, Verdict::uses, Fix::none,
                  fmt::format("{} bytes behind the picture's end at byte {}",
                              bytes_.size() - file_.end, file_.end));
    }

    // Measured: of an AVIF, OpenCV (Ultralytics' reader) follows Exif alone, while viewers follow
    // irot and imir alone; of a HEIC all readers follow irot and imir, which is done when it is
    // decoded.
    void judge_orientation() {
        if (report_.format == Format::heic) {
            if (report_.whole) return;
            if (file_.turn >= 5) std::swap(report_.width, report_.height);
            return;
        }
        set_orientation(report_, file_.orientation);
        if (file_.turn != 1 && file_.orientation == 1) raise_turn();
    }

    void raise_turn() {
        raise(report_, ImageRule::exif_rotated, Severity::warning, Verdict::uses, Fix::none,
              fmt::format(
                  "irot and imir (as EXIF orientation {}): viewers show it turned or mirrored, "
                  "Ultralytics trains on it as stored ({} x {} px); on which were the boxes "
                  "drawn?",
                  file_.turn, file_.width, file_.height));
    }

    std::span<const std::byte> bytes_;
    const CheckOptions& options_;
    ImageReport& report_;
    HeifFile file_;
};

}  // namespace

void check_heif(std::span<const std::byte> bytes, const CheckOptions& options,
                ImageReport& report) {
    HeifCheck(bytes, options, report).run();
}

}  // namespace yolodata
