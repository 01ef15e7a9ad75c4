// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::shard {

/// One shard file as index.json lists it.
struct ShardEntry {
    std::string file;                 ///< name in the set's folder, "train-00000.yds"
    std::string split;
    std::uint64_t records = 0, first_record = 0;  ///< first_record: number of the first within the split
    std::uint64_t rows = 0;           ///< label rows
    std::uint64_t bytes = 0;
    std::string uuid;                 ///< of the shard's header: ties file and index together
    std::string sha256;               ///< of the whole file, lower-case hex
};

struct SplitEntry {
    std::string name;
    std::uint64_t records = 0, rows = 0;
    std::uint64_t backgrounds = 0;    ///< records without a row
    std::uint64_t left_out = 0;       ///< images of the split that were not packed
    int variants = 0;                 ///< augmented pictures of each image; 0: each image once, as it is
};

/// Why an image was left out: a finding at its image or label.
struct Reason {
    std::string rule;
    std::uint32_t line = 0, column = 0;  ///< 0 = does not apply
    std::string message;
};

struct LeftOut {
    std::string path;  ///< as records name their source
    std::string split;
    std::vector<Reason> reasons;
    bool path_escaped = false;  ///< path was read from an index.json that escapes what is not UTF-8
};

/// The options that decide what a set holds. Two sets of the same source and options are equal.
struct SetOptions {
    int imgsz = 640;
    std::string codec = "raw";        ///< raw | jpeg
    std::string decode = "exact";     ///< exact: whole pictures are resized; fast: JPEGs that were decoded at a smaller scale
    int quality = 95;                 ///< of JPEGs that were made anew
    int variants = 0;                 ///< of every split whose entry does not say otherwise
    std::string augment;              ///< how they were augmented, a JSON object; empty without variants
    std::uint64_t seed = 0;
    std::uint64_t shard_bytes = std::uint64_t{512} << 20;  ///< a shard is at most so long, unless one record is longer
    std::uint64_t max_pixels = 178'956'970;
    bool operator==(const SetOptions&) const = default;
};

/// What index.json says (schemas/index.schema.json).
struct SetIndex {
    std::string tool;                    ///< "yolodata 0.1.0"
    std::string digest;                  ///< "sha256:…" of the set, from its shards' digests
    std::string source_digest;           ///< "sha256:…" of the source dataset
    std::string task = "detect";
    std::optional<std::uint32_t> class_count;
    std::vector<std::string> names;
    std::string geometry;                ///< beside boxes: "polygons", "keypoints" or, for a set of boxes alone, empty
    KeypointShape keypoints;             ///< of a pose set
    SetOptions options;
    std::vector<SplitEntry> splits;
    std::vector<ShardEntry> shards;      ///< by split in `splits`' order, then by number
    std::vector<LeftOut> left_out;
};

/// Reads DIR/index.json. Throws Error(not_found) if there is none, Error(corrupt) if it does not parse,
/// lacks a field, or its counts or its digest do not fit its own shards.
SetIndex read_set_index(const std::string& dir);
/// The same from the text of an index.json; `path` names it in errors.
SetIndex parse_set_index(const std::string& text, const std::string& path);
/// The text of index.json: the same index gives the same bytes.
std::string to_json(const SetIndex& index);
/// Whether repair made the set: it lacks records that were damaged, not only images that are bad. Of one split, if it is
/// named.
bool lacks_records(const SetIndex& index, std::string_view split = {});
/// SHA-256 over the lines `file NUL sha256 LF` of the shards, as "sha256:…".
std::string set_digest(const std::vector<ShardEntry>& shards);

inline constexpr const char* index_file = "index.json";

}  // namespace yolodata::shard
