// SPDX-License-Identifier: Apache-2.0
#include "upkeep/record_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "yolodata/core/utf8.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {

namespace {

constexpr float tolerance = 0.01f;  // of the image's side, as label/out-of-range has it

bool in_range(float value) {
    return value >= -tolerance && value <= 1 + tolerance;
}  // false for NaN

/// A polygon may reach over both edges by the tolerance. A set for detect keeps only its box.
bool is_side(float value) {
    return value >= -tolerance && value <= 1 + 2 * tolerance + 1e-6f;  // a difference: it rounds
}

/// Of the box of a pose row Ultralytics tests the lower limit only, and so does pack.
bool is_of_pose(float value) {
    return std::isfinite(value) && value >= -tolerance;
}

bool fits(const Box& box, bool pose) {
    if (pose)
        return is_of_pose(box.x) && is_of_pose(box.y) && is_of_pose(box.w) && is_of_pose(box.h);
    return in_range(box.x) && in_range(box.y) && is_side(box.w) && is_side(box.h);
}

/// The row of the first vertex or key point that is no number; the number of rows if there is none.
/// Ultralytics does not judge where a polygon's vertices lie, only the box around them.
std::size_t first_not_finite(const Geometry& geometry, std::size_t rows) {
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!geometry.keypoint_values.empty()) {
        const auto& values = geometry.keypoint_values;
        const auto bad = std::find_if_not(values.begin(), values.end(), finite);
        const std::size_t a_row =
            std::max<std::size_t>(1, std::size_t{geometry.keypoints} * geometry.keypoint_dims);
        return bad == values.end() ? rows : static_cast<std::size_t>(bad - values.begin()) / a_row;
    }
    auto at = geometry.vertices.begin();
    for (std::size_t row = 0; row < geometry.vertex_counts.size(); ++row) {
        const auto end = at + 2 * static_cast<std::ptrdiff_t>(geometry.vertex_counts[row]);
        if (!std::all_of(at, end, finite)) return row;
        at = end;
    }
    return rows;
}

}  // namespace

bool ShardBytes::pread(std::uint64_t offset, std::span<std::byte> out) const {
    return file != nullptr ? file->pread(offset, out) : read_all(fd, offset, out);
}

ShardBytes bytes_of(const ShardFile& file) {
    const format::Footer& f = file.header().footer;
    return {&file,
            -1,
            file.header().first_record,
            f.labels_offset,
            f.labels_offset + format::section_header_bytes,
            f.labels_offset + f.labels_bytes};
}

std::optional<format::LabelEntry> RecordChecker::read_label(std::uint64_t number,
                                                            const format::IndexEntry& entry) {
    const std::uint64_t begin = file_.labels_begin, end = file_.labels_end;
    if (entry.label_offset < begin || entry.label_offset > end ||
        end - entry.label_offset < format::label_header_bytes)
        return std::nullopt;
    constexpr std::uint64_t usual = 2048;  // most entries come with the first read
    label_.resize(std::min(usual, end - entry.label_offset));
    if (!file_.pread(entry.label_offset, label_)) return std::nullopt;
    const std::uint64_t length = format::label_entry_length(label_);
    if (length == 0 || length > end - entry.label_offset) return std::nullopt;
    const bool more = length > label_.size();
    label_.resize(length);
    if (more && !file_.pread(entry.label_offset, label_)) return std::nullopt;
    auto label = format::decode_label(label_);
    if (!label || label->number != number) return std::nullopt;
    return label;
}

std::optional<format::RecordHeader> RecordChecker::read_record(std::uint64_t number,
                                                               const format::IndexEntry& entry,
                                                               std::string& why) {
    const auto refuse = [&](std::string text) {
        why = std::move(text);
        return std::nullopt;
    };
    const std::uint64_t end = file_.records_end;
    const bool inside =
        entry.record_offset >= format::header_bytes &&
        entry.record_offset % format::record_align == 0 && entry.record_offset < end &&
        end - entry.record_offset >= format::record_header_bytes &&
        entry.payload_bytes <= end - entry.record_offset - format::record_header_bytes;
    if (!inside) return refuse("its index entry points outside the records");
    record_.resize(format::record_header_bytes + entry.payload_bytes);
    if (!file_.pread(entry.record_offset, record_)) return refuse("it cannot be read");
    const auto head = format::decode_record(record_);
    if (!head) return refuse("the checksum of its head does not hold");
    if (head->number != number || head->payload_bytes != entry.payload_bytes ||
        head->payload_checksum != entry.payload_checksum)
        return refuse("its head is that of another record");
    if (format::checksum(payload()) != head->payload_checksum)
        return refuse("the checksum of its picture does not hold");
    if (head->channels != 3 || head->codec > static_cast<std::uint8_t>(Codec::jpeg))
        return refuse("its codec or number of channels is unknown");
    if (head->codec == static_cast<std::uint8_t>(Codec::raw) &&
        std::uint64_t{head->width} * head->height * 3 != head->payload_bytes)
        return refuse("its length does not fit its width and height");
    return head;
}

void RecordChecker::check_jpeg(const format::RecordHeader& head, std::string& fault) const {
    CheckOptions options;
    options.max_pixels = 0;
    const ImageReport report = check_image(payload(), options);
    if (!report.whole || report.format != Format::jpeg) {
        fault = report.issues.empty() ? "it is no JPEG" : report.issues.front().message;
    } else if (static_cast<std::uint32_t>(report.header_width) != head.width ||
               static_cast<std::uint32_t>(report.header_height) != head.height) {
        fault = fmt::format("it decodes to {} x {} px where the record says {} x {}",
                            report.header_width, report.header_height, head.width, head.height);
    }
}

void RecordChecker::check_boxes(const format::LabelEntry& label, RecordVerdict& verdict,
                                const std::string& place) const {
    for (std::size_t i = 0; i < label.boxes.size(); ++i) {
        const Box& box = label.boxes[i];
        const bool class_fits =
            box.cls >= 0 && (!class_count_ || static_cast<std::uint32_t>(box.cls) < *class_count_);
        if (class_fits && fits(box, !label.geometry.keypoint_values.empty())) continue;
        verdict.faults.emplace_back(
            "shard/label-range", fmt::format("{}: row {}: class {}, x {:g}, y {:g}, w {:g}, h {:g}",
                                             place, i + 1, box.cls, box.x, box.y, box.w, box.h));
    }
    const std::size_t row = first_not_finite(label.geometry, label.boxes.size());
    if (row < label.boxes.size())
        verdict.faults.emplace_back(
            "shard/label-range",
            fmt::format("{}: row {}: a {} is not finite", place, row + 1,
                        label.geometry.keypoint_values.empty() ? "vertex" : "key point"));
}

std::optional<format::RecordHeader> RecordChecker::read(std::uint64_t number,
                                                        const format::IndexEntry& entry,
                                                        std::optional<format::LabelEntry>& label,
                                                        std::string& why) {
    label = read_label(number, entry);
    auto head = read_record(number, entry, why);
    if (head && !label) {
        why = entry.label_offset == 0 ? "its labels are not found in the file"
                                      : "the checksum of its labels does not hold";
    } else if (head && (head->label_checksum != format::label_entry_checksum(label_) ||
                        head->width != label->width || head->height != label->height ||
                        head->codec != label->codec || head->rows != label->boxes.size())) {
        why = "its picture and its labels do not belong together";
    }
    if (!why.empty()) head.reset();
    return head;
}

RecordVerdict RecordChecker::check(std::uint64_t number, const format::IndexEntry& entry) {
    RecordVerdict verdict;
    const std::uint64_t in_split = file_.first_record + number;
    std::optional<format::LabelEntry> label;
    std::string why;
    const auto head = read(in_split, entry, label, why);
    std::string place = fmt::format("record {} at offset {}", in_split, entry.record_offset);
    if (label) {
        verdict.source = label->source;
        verdict.rows = label->boxes.size();
        place += fmt::format(" ({})", printable(label->source));
    }
    if (!head) {
        verdict.faults.emplace_back("shard/record-corrupt", place + ": " + why);
        return verdict;
    }
    verdict.whole = true;
    if (head->codec == static_cast<std::uint8_t>(Codec::jpeg)) check_jpeg(*head, why);
    if (!why.empty()) {
        verdict.whole = false;
        verdict.faults.emplace_back("shard/undecodable", place + ": " + why);
    }
    check_boxes(*label, verdict, place);
    return verdict;
}

}  // namespace yolodata::shard
