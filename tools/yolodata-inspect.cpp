// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "inspect/contact_sheet.hpp"
#include "inspect/record_picture.hpp"
#include "reports/output.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/image/encode.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"

namespace {

using Json = nlohmann::ordered_json;
using yolodata::Box;
using yolodata::Error;
using yolodata::ErrorKind;
using yolodata::shard::Codec;
using yolodata::shard::RecordInfo;
using yolodata::shard::SetIndex;
using yolodata::shard::ShardSet;

constexpr const char* program = "yolodata inspect";

struct Options {
    std::string out, format = "text", output, extract, sheet, io = "auto";
    std::uint64_t record = 0, pictures = 25;
    bool has_record = false;
};

/// What --record shows: everything about one record, its payload read and checked.
struct Record {
    std::uint64_t number = 0;  ///< over the whole set
    std::string split, shard;
    RecordInfo info;
    std::vector<Box> boxes;
    yolodata::Geometry geometry;
    std::vector<std::uint8_t> payload;
};

std::string lower_suffix(const std::string& path) {
    const auto dot = path.rfind('.');
    std::string suffix = dot == std::string::npos ? "" : path.substr(dot);
    for (char& c : suffix)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return suffix;
}

void require_picture_suffix(const char* option, const std::string& path) {
    const std::string suffix = lower_suffix(path);
    if (!path.empty() && suffix != ".png" && suffix != ".jpg" && suffix != ".jpeg")
        throw tools::UsageError{fmt::format("--{} {}: the suffix must be .png, .jpg or .jpeg", option, path)};
}

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line(program, "Says what a shard set holds, and takes single records out of it.");
    line.positional("OUT", &o.out, "folder of a shard set");
    line.group("One record");
    line.option("record", &o.record, "N", "show this record, counted from 0 over the whole set, and check it").default_text = "none";
    line.option("extract", &o.extract, "FILE", "write the record's picture there, PNG or JPEG by the suffix");
    line.group("Many records");
    line.option("contact-sheet", &o.sheet, "FILE", "write pictures from all over the set with their boxes there, PNG or JPEG");
    tools::Option& pictures = line.option("pictures", &o.pictures, "N", "on the contact sheet, at most");
    pictures.min = 1, pictures.max = 2500;
    line.option("io", &o.io, "MODE", "how shards are read; auto: mmap, but pread on network file systems").choices = {
        "auto", "mmap", "pread", "direct"};
    line.group("Output");
    line.option("format", &o.format, "FORMAT", "form of the answer").choices = {"text", "json"};
    line.option("output", &o.output, "FILE", "write the answer there instead of to stdout");
    line.epilog("Exit code: 0 done, 2 wrong command line, 3 the set or the record cannot be read.\n"
                "Examples: yolodata inspect shards --record 17 --extract 17.png\n"
                "          yolodata inspect shards --contact-sheet look.jpg --pictures 100");
    line.parse(argc, argv);
    o.has_record = line.given("record");
    if (!o.extract.empty() && !o.has_record) throw tools::UsageError{"--extract needs --record N"};
    require_picture_suffix("extract", o.extract);
    require_picture_suffix("contact-sheet", o.sheet);
    if (line.given("pictures") && o.sheet.empty()) throw tools::UsageError{"--pictures needs --contact-sheet FILE"};
    return o;
}

/// Opens every split, so that headers and indices of all shards are checked, and finds record `number`.
std::optional<Record> open_all(const std::string& dir, const SetIndex& index, std::optional<std::uint64_t> number,
                               const yolodata::shard::ReadOptions& how) {
    std::optional<Record> found;
    std::uint64_t before = 0;
    for (const auto& split : index.splits) {
        const ShardSet set(dir, split.name, how);
        if (number && *number >= before && *number - before < set.size()) {
            Record r;
            const std::uint64_t n = *number - before;
            r.number = *number;
            r.split = split.name;
            r.info = set.info(n);
            r.boxes = set.boxes(n);
            r.geometry = set.geometry(n);
            const std::string path = set.shard_path(r.info.shard);
            r.shard = path.substr(path.rfind('/') + 1);
            if (!set.read(n, r.payload))
                throw Error(ErrorKind::corrupt, yolodata::shard::bad_record_text(set, r.info));
            found = std::move(r);
        }
        before += set.size();
    }
    if (number && !found)
        throw Error(ErrorKind::invalid_argument, fmt::format("{}: there is no record {}, the set holds {}", dir, *number, before));
    return found;
}

void write_picture(const yolodata::Picture& picture, const std::string& path) {
    const bool png = lower_suffix(path) == ".png";
    yolodata::write_file_atomically(path, std::span<const std::byte>(png ? yolodata::encode_png(picture) : yolodata::encode_jpeg(picture)));
}

void extract(const Record& record, const std::string& path) {
    const auto bytes = std::as_bytes(std::span(record.payload));
    if (record.info.codec == Codec::jpeg && lower_suffix(path) != ".png") {
        yolodata::write_file_atomically(path, bytes);
        return;
    }
    try {
        write_picture(tools::record_picture(record.info, record.payload), path);
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt) throw;
        throw Error(ErrorKind::corrupt, fmt::format("{}: record {} ({}) is damaged: {}", record.shard, record.info.number,
                                                    yolodata::printable(record.info.source), error.what()));
    }
}

/// The row's polygon as [x, y] pairs, nothing if it has none; `at` moves behind its vertices.
Json polygon_json(const yolodata::Geometry& g, std::size_t row, std::size_t& at) {
    Json polygon = Json::array();
    for (std::uint32_t i = 0; i < g.vertex_counts[row]; ++i, at += 2) polygon.push_back({g.vertices[at], g.vertices[at + 1]});
    return polygon;
}

void add_geometry(const yolodata::Geometry& g, std::size_t rows, Json& j) {
    if (!g.vertex_counts.empty()) {
        std::size_t at = 0;
        j["polygons"] = Json::array();
        for (std::size_t row = 0; row < rows; ++row) j["polygons"].push_back(polygon_json(g, row, at));
    }
    if (!g.keypoint_values.empty()) {
        auto value = g.keypoint_values.begin();
        j["keypoints"] = Json::array();
        for (std::size_t row = 0; row < rows; ++row) {
            Json points = Json::array();
            for (std::uint32_t p = 0; p < g.keypoints; ++p, value += g.keypoint_dims)
                points.push_back(std::vector<float>(value, value + g.keypoint_dims));
            j["keypoints"].push_back(std::move(points));
        }
    }
}

struct Totals {
    std::uint64_t records = 0, rows = 0, backgrounds = 0, left_out = 0, bytes = 0;
};

Totals totals_of(const SetIndex& index) {
    Totals t;
    for (const auto& split : index.splits) {
        t.records += split.records;
        t.rows += split.rows;
        t.backgrounds += split.backgrounds;
        t.left_out += split.left_out;
    }
    for (const auto& shard : index.shards) t.bytes += shard.bytes;
    return t;
}

std::string_view codec_name(Codec codec) { return codec == Codec::raw ? "raw" : "jpeg"; }

std::string as_json(const SetIndex& index, const std::optional<Record>& record) {
    Json j = Json::parse(yolodata::shard::to_json(index));
    j["schema"] = "yolodata.inspect/1";
    const Totals t = totals_of(index);
    j["totals"] = {{"records", t.records}, {"rows", t.rows}, {"backgrounds", t.backgrounds}, {"left_out", t.left_out},
                   {"shards", index.shards.size()}, {"bytes", t.bytes}};
    if (record) {
        const RecordInfo& info = record->info;
        j["number"] = record->number;
        j["source"] = yolodata::escape_invalid_utf8(info.source);
        if (j["source"] != info.source) j["source_escaped"] = true;
        j["split"] = record->split;
        j["shard"] = record->shard;
        j["offset"] = info.offset;
        j["codec"] = codec_name(info.codec);
        j["width"] = info.width;
        j["height"] = info.height;
        j["source_width"] = info.source_width;
        j["source_height"] = info.source_height;
        j["payload_bytes"] = info.payload_bytes;
        j["checksum"] = fmt::format("{:016x}", info.checksum);
        j["boxes"] = Json::array();
        for (const Box& box : record->boxes) j["boxes"].push_back({box.cls, box.x, box.y, box.w, box.h});
        add_geometry(record->geometry, record->boxes.size(), j);
        if (info.variant != 0) j["variant"] = info.variant;
    }
    return j.dump(1) + "\n";
}

std::string record_text(const SetIndex& index, const Record& record) {
    const RecordInfo& info = record.info;
    std::string text = fmt::format("record {} of {}: {}\n", record.number, record.split, yolodata::printable(info.source));
    text += fmt::format("  {} x {} px, {}, {} bytes (source {} x {} px)\n", info.width, info.height, codec_name(info.codec),
                        info.payload_bytes, info.source_width, info.source_height);
    text += fmt::format("  {} at offset {}, checksum {:016x} holds\n", record.shard, info.offset, info.checksum);
    if (!record.geometry.vertices.empty()) text += fmt::format("  {} polygon vertices\n", record.geometry.vertices.size() / 2);
    if (record.geometry.keypoints != 0) text += fmt::format("  {} key points a row\n", record.geometry.keypoints);
    for (const Box& box : record.boxes) {
        const auto cls = static_cast<std::size_t>(box.cls);
        const std::string name = box.cls >= 0 && cls < index.names.size() ? index.names[cls] : std::to_string(box.cls);
        text += fmt::format("  {} x {:.6f} y {:.6f} w {:.6f} h {:.6f}\n", yolodata::printable(name), box.x, box.y, box.w, box.h);
    }
    return text;
}

std::string as_text(const SetIndex& index, const std::optional<Record>& record) {
    if (record) return record_text(index, *record);
    std::string text;
    for (const auto& split : index.splits) {
        text += fmt::format("{}: {} records, ", split.name, split.records);
        if (split.variants > 0) text += fmt::format("{} variants of each image, ", split.variants);
        text += fmt::format("{} rows, {} backgrounds, {} left out\n", split.rows, split.backgrounds, split.left_out);
        for (const auto& shard : index.shards)
            if (shard.split == split.name)
                text += fmt::format("  {}  {} records  {:.1f} MiB\n", shard.file, shard.records, static_cast<double>(shard.bytes) / (1 << 20));
    }
    const Totals t = totals_of(index);
    text += fmt::format("in all: {} records, {} rows, {:.1f} MiB\n", t.records, t.rows, static_cast<double>(t.bytes) / (1 << 20));
    text += fmt::format("imgsz {}, codec {}, decode {}, task {}, {} classes, packed by {}\n", index.options.imgsz, index.options.codec,
                        index.options.decode, index.task, index.class_count ? std::to_string(*index.class_count) : "unknown", index.tool);
    text += fmt::format("set    {}\nsource {}\n", index.digest, index.source_digest);
    return text;
}

int run(const Options& o) {
    const SetIndex index = yolodata::shard::read_set_index(o.out);
    yolodata::shard::ReadOptions how;
    how.io = yolodata::shard::parse_io_mode(o.io).value();
    const auto record = open_all(o.out, index, o.has_record ? std::optional(o.record) : std::nullopt, how);
    if (!o.extract.empty()) extract(*record, o.extract);
    if (!o.sheet.empty()) write_picture(tools::contact_sheet(o.out, index, o.pictures, how), o.sheet);
    tools::Output output(o.output);
    output.write(o.format == "json" ? as_json(index, record) : as_text(index, record));
    output.finish();
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    return tools::run_command(program, [&] { return run(parse(argc, argv)); });
}
