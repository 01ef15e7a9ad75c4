// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/examine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include "label_check.hpp"
#include "look.hpp"
#include "memory_gate.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"

namespace yolodata {

namespace {

// Bytes of a file that are read for its header, at first and at most, before all of it is.
constexpr std::uint64_t first_prefix = std::uint64_t{16} << 10,
                        last_prefix = std::uint64_t{1} << 20;
// Files up to this size are read without asking for memory.
constexpr std::uint64_t small_file = std::uint64_t{2} << 20;
// Bytes of pixels up to this are not asked for either.
constexpr std::uint64_t small_picture = std::uint64_t{4} << 20;
// Bytes that a label takes while it is judged, for each of its own: numbers, rows, boxes.
constexpr std::uint64_t label_factor = 10;

// What an image issue or a row that is fine for itself becomes when the pair is dropped for another
// fault.
bool is_milder_than_drop(Verdict verdict) {
    return verdict == Verdict::uses || verdict == Verdict::drops_row;
}

std::string suffix_of(const std::string& path) {
    const auto dot = path.rfind('.');
    return dot == std::string::npos ? std::string() : path.substr(dot);
}

}  // namespace

void Examined::clear() {
    // image_bytes is overwritten by the next read, without being filled with zeros first.
    picture = Picture();
    image = label = FileRecord{};
    width = height = 0;
    rows = box_rows = polygon_rows = label_signature = 0;
    boxes.clear();
    geometry.clear();
    classes.clear();
    findings.clear();
    usable = dropped = background = false;
}

struct Examiner::Impl {
    const Dataset& dataset;
    ExamineOptions options;
    Folder folder;
    Sha256 hash;
    LabelChecker checker;
    LabelOutcome outcome;
    std::vector<std::byte> label_bytes;
    GrayThumbnail thumbnail;
    Look look;
    MemoryGate* gate;
    std::uint64_t held = 0;  ///< of the gate

    Impl(const Dataset& set, const ExamineOptions& wanted, MemoryGate* memory)
        : dataset(set), options(wanted), folder(set.root), gate(memory) {}
    ~Impl() { let_go(); }

    void let_go() {
        if (held != 0) gate->release(held);
        held = 0;
    }

    // The share of a pair grows to that of its larger file: never two shares at once, so none waits
    // for itself.
    void hold(std::uint64_t bytes) {
        if (bytes <= held) return;
        let_go();
        gate->acquire(bytes);
        held = bytes;
    }

    // For a codec that decodes a whole picture at once.
    bool may_take(std::uint64_t bytes) {
        if (gate == nullptr) return true;
        if (!gate->fits(bytes)) return false;
        if (bytes > small_picture) hold(bytes);
        return true;
    }

    ReadResult read_bounded(const std::string& path, std::uint64_t limit,
                            std::vector<std::byte>& bytes, std::uint64_t factor) {
        if (gate == nullptr) return folder.read(path, bytes, limit);
        const ReadResult small = folder.read(path, bytes, std::min(limit, small_file));
        if (small.status != ReadStatus::over_limit || small.size > limit) return small;
        hold(small.size * factor);
        return folder.read(path, bytes, limit);
    }

    ReadResult read(const std::string& path, std::uint64_t limit, std::vector<std::byte>& bytes,
                    FileRecord& record, std::uint64_t factor) {
        const ReadResult result = read_bounded(path, limit, bytes, factor);
        record.size = result.size;
        record.mtime_ns = result.mtime_ns;
        record.read = result && !result.shrank;
        if (!options.hash) return result;
        if (record.read) {
            hash.update(std::span<const std::byte>(bytes));
            record.digest = hash.finish();
            record.hashed = true;
        } else if (result.status == ReadStatus::over_limit) {
            record.hashed = static_cast<bool>(folder.stream(
                path, [this](std::span<const std::byte> piece) { hash.update(piece); }));
            record.digest = hash.finish();
        }
        return result;
    }

    Finding& add(Examined& out, std::string_view rule, const std::string& path,
                 const ImageRef& image, std::string message) {
        Finding finding = make_finding(rule, path, std::move(message));
        finding.image = image.path;
        out.findings.push_back(std::move(finding));
        return out.findings.back();
    }

    void examine_image(const ImageRef& image, Examined& out) {
        if (options.header_only && !options.hash && judge_prefix(image, out)) return;
        const ReadResult result =
            read(image.path, options.max_image_bytes, out.image_bytes, out.image, 1);
        if (result.status == ReadStatus::over_limit) {
            add(out, "image/too-large", image.path, image,
                fmt::format("the file has {} bytes, more than the limit of {}", result.size,
                            options.max_image_bytes));
            return;
        }
        if (!out.image.read) {
            Finding& finding = add(out, "image/unreadable", image.path, image,
                                   result.shrank ? "shrank while it was read" : result.reason());
            if (image.list != 0) finding.related = {dataset.list_files[image.list - 1]};
            return;
        }
        CheckOptions wanted{.max_pixels = options.max_pixels, .header_only = options.header_only};
        if (options.looks) wanted.thumbnail = &thumbnail;
        wanted.may_take = [&](std::uint64_t bytes) {
            return may_take(out.image_bytes.size() + bytes);
        };
        thumbnail.clear();
        CheckedPixels pixels{options.wants_pixels, options.long_side, {}};
        wanted.pixels = &pixels;
        const ImageReport report = check_image(out.image_bytes, wanted);
        out.picture = std::move(pixels.picture);
        take(image, report, out);
        if (report.whole && (options.looks || options.quality)) examine_pixels(image, report, out);
    }

    // Most headers stand in the first few KiB; an album's Exif block or a colour profile takes
    // more. false: the whole file has to be read.
    bool judge_prefix(const ImageRef& image, Examined& out) {
        for (std::uint64_t count = first_prefix; count <= last_prefix; count *= 8) {
            const ReadResult result = folder.read_prefix(image.path, out.image_bytes, count);
            if (!result || result.shrank || result.size > options.max_image_bytes) return false;
            const ImageReport report =
                check_image(out.image_bytes, {.max_pixels = options.max_pixels,
                                              .header_only = true,
                                              .is_prefix = result.size > count});
            if (report.needs_more) continue;
            out.image.size = result.size;
            out.image.mtime_ns = result.mtime_ns;
            out.image.read = true;
            take(image, report, out);
            return true;
        }
        return false;
    }

    void take(const ImageRef& image, const ImageReport& report, Examined& out) {
        out.width = report.width;
        out.height = report.height;
        for (const ImageIssue& issue : report.issues) {
            Finding& finding = add(out, rule_id(issue.rule), image.path, image, issue.message);
            finding.severity = issue.severity;
            finding.verdict = issue.verdict;
            finding.fix = issue.fix;
        }
        // A picture that no reader opens gets no word about its suffix.
        const bool opened =
            std::none_of(report.issues.begin(), report.issues.end(), [](const ImageIssue& issue) {
                return issue.rule == ImageRule::empty || issue.rule == ImageRule::unknown_format ||
                       issue.rule == ImageRule::unsupported_format ||
                       issue.rule == ImageRule::too_large || issue.rule == ImageRule::too_small;
            });
        if (opened && !suffix_fits(report.format, image.path))
            add(out, "image/format-mismatch", image.path, image,
                fmt::format("the content is {}, the suffix says {}", format_name(report.format),
                            printable(suffix_of(image.path))));
    }

    // A whole decode only where the rows that the check read do not suffice.
    void examine_pixels(const ImageRef& image, const ImageReport& report, Examined& out) {
        const bool shrunk = options.looks && thumbnail.complete();
        const bool suspect = options.looks && (!shrunk || may_be_blank(thumbnail));
        if (suspect || options.quality) {
            const Picture picture = decode_whole(report, out);
            if (options.looks && !shrunk && !picture.empty()) thumbnail.add(picture);
            if (suspect && !picture.empty() && is_blank(picture))
                add(out, "image/blank", image.path, image,
                    fmt::format("all {} x {} pixels have one colour", picture.width,
                                picture.height));
            if (options.quality && !picture.empty())
                for (QualityRemark& remark : judge_quality(picture))
                    add(out, remark.rule, image.path, image, std::move(remark.message));
        }
        if (options.looks) look = look_at(thumbnail, report);
    }

    // Empty where the check's decoder is content and this one is not, and where the pixels are more
    // than a file may take: such a picture was checked by rows, and is not compared with others.
    Picture decode_whole(const ImageReport& report, const Examined& out) {
        const std::uint64_t pixels = std::uint64_t{3} * static_cast<std::uint64_t>(report.width) *
                                     static_cast<std::uint64_t>(report.height);
        if (out.image_bytes.size() + pixels > options.max_image_bytes) return {};
        if (gate != nullptr && pixels > small_picture) hold(out.image_bytes.size() + pixels);
        try {
            return decode(out.image_bytes, {.max_pixels = 0});
        } catch (const Error&) {
            return {};
        }
    }

    void examine_label(const ImageRef& image, Examined& out) {
        if (!image.has_label) {
            out.background = true;
            if (!image.label_elsewhere)
                add(out, "label/missing", image.label_path, image, "no label file: background");
            return;
        }
        const ReadResult result =
            read(image.label_path, options.max_label_bytes, label_bytes, out.label, label_factor);
        if (!out.label.read) {
            Finding& finding = add(out, "label/unreadable", image.label_path, image,
                                   result.shrank ? "shrank while it was read" : result.reason());
            // What is no file, Ultralytics takes for a missing label.
            if (result.status == ReadStatus::not_regular || result.error_number == ENOENT) {
                finding.verdict = Verdict::uses;
                out.background = true;
            }
            return;
        }
        LabelContext context;
        context.task = dataset.task;
        context.keypoints = dataset.keypoints;
        context.class_count = dataset.class_count;
        context.width = out.width;
        context.height = out.height;
        context.imgsz = options.imgsz;
        checker.check(label_bytes, context, outcome);
        for (Finding& finding : outcome.findings) {
            finding.path = image.label_path;
            finding.image = image.path;
            out.findings.push_back(std::move(finding));
        }
        out.rows = outcome.rows;
        out.box_rows = outcome.box_rows;
        out.polygon_rows = outcome.polygon_rows;
        out.label_signature = outcome.signature;
        out.boxes.swap(outcome.boxes);
        std::swap(out.geometry, outcome.geometry);
        out.classes.swap(outcome.classes);
        out.background = outcome.rows == 0 && !outcome.drops_image;
    }

    void judge(const ImageRef& image, Examined& out) {
        bool image_error = false;
        for (const Finding& finding : out.findings) {
            out.dropped |=
                finding.verdict == Verdict::drops_image || finding.verdict == Verdict::aborts;
            image_error |=
                finding.severity == Severity::error && finding.rule.starts_with("image/");
        }
        out.usable = !image_error && !out.dropped;
        if (!out.usable) {
            out.boxes.clear();
            out.geometry.clear();
        }
        const bool drops =
            std::any_of(out.findings.begin(), out.findings.end(),
                        [](const Finding& f) { return f.verdict == Verdict::drops_image; });
        const std::string* split = nullptr;
        if (image.splits != 0)
            split = &dataset.splits[static_cast<std::size_t>(std::countr_zero(image.splits))].name;
        for (Finding& finding : out.findings) {
            // One fault drops the pair, and with it what would have been used.
            if (drops && is_milder_than_drop(finding.verdict))
                finding.verdict = Verdict::drops_image;
            if (split != nullptr) finding.split = *split;
        }
    }
};

Examiner::Examiner(const Dataset& dataset, const ExamineOptions& options, MemoryGate* gate)
    : impl_(std::make_unique<Impl>(dataset, options, gate)) {}
Examiner::~Examiner() = default;
Examiner::Examiner(Examiner&&) noexcept = default;

void Examiner::examine(const ImageRef& image, Examined& out) {
    out.clear();
    impl_->look = Look();
    impl_->examine_image(image, out);
    impl_->examine_label(image, out);
    impl_->judge(image, out);
}

const Look& Examiner::look() const {
    return impl_->look;
}

void Examiner::release(Examined& out) {
    if (impl_->held == 0) return;
    std::vector<std::byte>().swap(out.image_bytes);
    std::vector<std::byte>().swap(impl_->label_bytes);
    impl_->checker = LabelChecker();
    impl_->outcome = LabelOutcome();
    impl_->let_go();
}

Examined examine(const Dataset& dataset, const ImageRef& image, const ExamineOptions& options) {
    Examined out;
    Examiner(dataset, options).examine(image, out);
    return out;
}

}  // namespace yolodata
