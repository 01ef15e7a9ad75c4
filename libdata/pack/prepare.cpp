// SPDX-License-Identifier: Apache-2.0
#include "pack/prepare.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "yolodata/augment/resize.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/image/encode.hpp"
#include "yolodata/image/format.hpp"

namespace yolodata::pack {

namespace {

bool has_finding(const Examined& examined, std::string_view rule) {
    return std::any_of(examined.findings.begin(), examined.findings.end(),
                       [&](const Finding& finding) { return finding.rule == rule; });
}

std::uint64_t raw_bytes(int width, int height) {
    return static_cast<std::uint64_t>(width) * static_cast<std::uint64_t>(height) * 3;
}

/// A JPEG whose file can be the payload as it stands: right size, not to be turned, nothing missing at its
/// end and nothing behind it, and no longer than its pixels (which a file full of metadata may be).
bool can_pass_through(const Examined& examined, int imgsz) {
    return detect_format(examined.image_bytes) == Format::jpeg && std::max(examined.width, examined.height) == imgsz &&
           !has_finding(examined, "image/exif-rotated") && !has_finding(examined, "image/missing-eoi") &&
           !has_finding(examined, "image/trailing-data") &&
           examined.image_bytes.size() <= raw_bytes(examined.width, examined.height);
}

/// Peak of decode and resize of an 8-bit picture: as decoded, its turned copy, the resized one.
std::uint64_t jpeg_need(int width, int height, bool turned, const shard::SetOptions& options) {
    const auto [w, h] = scaled_jpeg_size(width, height, decoded_long_side(options));
    return (turned ? 2 : 1) * raw_bytes(w, h) + raw_bytes(options.imgsz, options.imgsz);
}

/// The same of any format. libheif and its decoders take 24 bytes a pixel in all, as the check counts.
std::uint64_t memory_need(const Examined& examined, const shard::SetOptions& options) {
    const Format format = detect_format(examined.image_bytes);
    if (format == Format::jpeg) return jpeg_need(examined.width, examined.height, true, options);
    const std::uint64_t copies = format == Format::avif || format == Format::heic ? 8 : 2;
    return copies * raw_bytes(examined.width, examined.height) + raw_bytes(options.imgsz, options.imgsz);
}

std::string_view rule_of(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::unsupported:
            return "image/unsupported-format";
        case ErrorKind::resource:
            return "image/too-large";
        default:
            return "image/corrupt-data";
    }
}

std::vector<std::uint8_t> as_payload(std::span<const std::byte> bytes) {
    std::vector<std::uint8_t> payload(bytes.size());
    std::memcpy(payload.data(), bytes.data(), bytes.size());
    return payload;
}

/// As resize_to_long_side(); the size follows from the source's, which a picture decoded at a smaller scale lacks.
Picture resize_to(Picture picture, std::pair<int, int> size) {
    if (size == std::pair(picture.width, picture.height)) return picture;
    return resize(PictureView(picture), size.first, size.second);
}

void make_payload(Examined& examined, const shard::SetOptions& options, MemoryBudget& budget, Prepared& out) {
    shard::RecordData& record = out.record;
    if (options.codec == "jpeg" && can_pass_through(examined, options.imgsz)) {
        record.codec = shard::Codec::jpeg;
        record.width = examined.width;
        record.height = examined.height;
        record.payload = as_payload(examined.image_bytes);
        out.passed_through = true;
        return;
    }
    std::optional<MemoryBudget::Share> share;
    Picture picture = std::move(examined.picture);
    if (picture.empty()) {
        share.emplace(budget, memory_need(examined, options));
        DecodeOptions decoding;
        decoding.max_pixels = options.max_pixels;
        decoding.long_side = decoded_long_side(options);
        picture = decode(examined.image_bytes, decoding);
    }
    if (options.decode != "fast") {
        record.source_width = picture.width;
        record.source_height = picture.height;
    }
    picture = resize_to(std::move(picture), resized_to_long_side(record.source_width, record.source_height, options.imgsz));
    record.width = picture.width;
    record.height = picture.height;
    if (options.codec == "jpeg") {
        record.codec = shard::Codec::jpeg;
        record.payload = as_payload(encode_jpeg(picture, options.quality));
    } else {
        record.codec = shard::Codec::raw;
        record.payload = std::move(picture.rgb);
    }
}

}  // namespace

std::vector<shard::Reason> reasons_of(const Examined& examined) {
    std::vector<Finding> errors, others;
    for (const Finding& finding : examined.findings) {
        const bool drops = finding.verdict == Verdict::drops_image || finding.verdict == Verdict::aborts;
        if (finding.severity == Severity::error && (drops || finding.rule.starts_with("image/"))) errors.push_back(finding);
        else if (drops) others.push_back(finding);
    }
    // Beside an error, what Ultralytics would drop with it is no reason of its own.
    std::vector<Finding>& findings = errors.empty() ? others : errors;
    std::sort(findings.begin(), findings.end(), report_order);
    std::vector<shard::Reason> reasons;
    for (Finding& finding : findings)
        reasons.push_back({std::string(finding.rule), finding.line, finding.column, std::move(finding.message)});
    return reasons;
}

bool wants_pixels(int width, int height, int orientation, const shard::SetOptions& options, std::uint64_t bytes) {
    const bool as_it_is = options.codec == "jpeg" && std::max(width, height) == options.imgsz && orientation == 1;
    return !as_it_is && jpeg_need(width, height, orientation != 1, options) <= bytes;
}

int decoded_long_side(const shard::SetOptions& options) { return options.decode == "fast" ? options.imgsz : 0; }

Prepared prepare(Examined&& examined, std::string name, const shard::SetOptions& options, MemoryBudget& budget) {
    Prepared out;
    if (!examined.usable) {
        out.left_out = shard::LeftOut{std::move(name), {}, reasons_of(examined)};
        return out;
    }
    out.record.source_width = examined.width;
    out.record.source_height = examined.height;
    try {
        make_payload(examined, options, budget, out);
    } catch (const Error& e) {
        out.record = {};
        out.left_out = shard::LeftOut{std::move(name), {}, {{std::string(rule_of(e.kind())), 0, 0, e.what()}}};
        return out;
    }
    out.record.boxes = std::move(examined.boxes);
    out.record.geometry = std::move(examined.geometry);
    out.record.source = std::move(name);
    out.record.checksum = shard::payload_checksum(out.record.payload);
    return out;
}

}  // namespace yolodata::pack
