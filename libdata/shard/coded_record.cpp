// SPDX-License-Identifier: Apache-2.0
#include "shard/coded_record.hpp"

#include <fmt/format.h>

#include <numeric>
#include <span>

#include "yolodata/core/error.hpp"

namespace yolodata::shard {

namespace {

void check_fits(const RecordData& r) {
    const bool sized = r.width > 0 && r.height > 0 && !r.payload.empty();
    const bool raw_fits =
        r.codec != Codec::raw || r.payload.size() == static_cast<std::uint64_t>(r.width) *
                                                         static_cast<std::uint64_t>(r.height) * 3;
    if (!sized || !raw_fits)
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("{}: {} bytes do not make a picture of {}x{}", r.source,
                                r.payload.size(), r.width, r.height));
    const Geometry& g = r.geometry;
    const auto vertices =
        std::accumulate(g.vertex_counts.begin(), g.vertex_counts.end(), std::uint64_t{0});
    const bool polygons_fit =
        g.vertex_counts.empty() || g.vertex_counts.size() == r.boxes.size();
    const std::uint64_t keypoint_numbers = r.boxes.size() * g.keypoints * g.keypoint_dims;
    if (!polygons_fit || g.vertices.size() != 2 * vertices ||
        (!g.keypoint_values.empty() && g.keypoint_values.size() != keypoint_numbers))
        throw Error(ErrorKind::invalid_argument,
                    r.source + ": its polygons or key points do not fit its rows");
}

}  // namespace

CodedRecord code(const RecordData& record) {
    check_fits(record);
    format::LabelEntry label;
    label.width = static_cast<std::uint32_t>(record.width);
    label.height = static_cast<std::uint32_t>(record.height);
    label.source_width = static_cast<std::uint32_t>(record.source_width);
    label.source_height = static_cast<std::uint32_t>(record.source_height);
    label.codec = static_cast<std::uint8_t>(record.codec);
    label.variant = record.variant;
    label.boxes = record.boxes;
    label.source = record.source;
    label.geometry = record.geometry;

    CodedRecord coded;
    coded.label = format::encode(label, coded.head.label_checksum);
    coded.head.width = label.width;
    coded.head.height = label.height;
    coded.head.codec = label.codec;
    coded.head.rows = static_cast<std::uint32_t>(record.boxes.size());
    coded.head.payload_bytes = record.payload.size();
    coded.head.payload_checksum = record.checksum;
    coded.payload = std::as_bytes(std::span(record.payload));
    if (!record.geometry.empty()) coded.minor = format::geometry_minor_version;
    return coded;
}

}  // namespace yolodata::shard
