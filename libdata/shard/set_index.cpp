// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/set_index.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata::shard {

namespace {

using Json = nlohmann::ordered_json;
constexpr const char* schema_id = "yolodata.index/1";
constexpr std::uint64_t index_limit = std::uint64_t{1} << 30;  // no honest index.json is longer

[[noreturn]] void corrupt(const std::string& path, const std::string& why) {
    throw Error(ErrorKind::corrupt, path + ": " + why + "; copy the shard set anew or pack it again");
}

Json shard_json(const ShardEntry& s) {
    return {{"file", s.file},   {"split", s.split}, {"records", s.records}, {"first_record", s.first_record},
            {"rows", s.rows},   {"bytes", s.bytes}, {"uuid", s.uuid},       {"sha256", s.sha256}};
}

Json left_out_json(const LeftOut& image) {
    Json reasons = Json::array();
    for (const Reason& r : image.reasons) {
        Json reason{{"rule", r.rule}};
        if (r.line != 0) reason["line"] = r.line;
        if (r.column != 0) reason["column"] = r.column;
        reason["message"] = escape_invalid_utf8(r.message);
        reasons.push_back(std::move(reason));
    }
    // A name that is not UTF-8 cannot stand in JSON as it is.
    const std::string path = escape_invalid_utf8(image.path);
    Json j{{"path", path}, {"split", image.split}, {"reasons", std::move(reasons)}};
    if (path != image.path || image.path_escaped) j["path_escaped"] = true;
    return j;
}

Json options_json(const SetOptions& o) {
    Json j{{"codec", o.codec}, {"quality", o.quality}, {"variants", o.variants}, {"shard_bytes", o.shard_bytes},
           {"max_pixels", o.max_pixels}};
    // Left out where nothing is special, so that such sets stay as version 1.0 wrote them.
    if (o.decode != "exact") j["decode"] = o.decode;
    return j;
}

/// Left out where the split is as the set's options say, so that such sets stay as older versions wrote them.
Json split_json(const SplitEntry& s, const SetOptions& options) {
    Json j{{"name", s.name}, {"records", s.records}, {"rows", s.rows}, {"backgrounds", s.backgrounds},
           {"left_out", s.left_out}};
    if (s.variants != options.variants) j["variants"] = s.variants;
    return j;
}

ShardEntry parse_shard(const Json& j) {
    ShardEntry s;
    s.file = j.at("file");
    s.split = j.at("split");
    s.records = j.at("records");
    s.first_record = j.at("first_record");
    s.rows = j.at("rows");
    s.bytes = j.at("bytes");
    s.uuid = j.at("uuid");
    s.sha256 = j.at("sha256");
    return s;
}

LeftOut parse_left_out(const Json& j) {
    LeftOut image{j.at("path"), j.at("split"), {}};
    image.path_escaped = j.value("path_escaped", false);
    for (const Json& r : j.at("reasons"))
        image.reasons.push_back({r.at("rule"), r.value("line", 0u), r.value("column", 0u), r.at("message")});
    return image;
}

SetIndex parse(const Json& j) {
    SetIndex index;
    const Json& tool = j.at("tool");
    index.tool = tool.at("name").get<std::string>() + " " + tool.at("version").get<std::string>();
    index.digest = j.at("digest");
    index.source_digest = j.at("source_digest");
    index.task = j.at("task");
    if (!j.at("nc").is_null()) index.class_count = j.at("nc").get<std::uint32_t>();
    index.names = j.at("names").get<std::vector<std::string>>();
    index.geometry = j.value("geometry", std::string());
    if (j.contains("kpt_shape")) {
        const Json& shape = j.at("kpt_shape");
        index.keypoints = {shape.at(0).get<std::uint32_t>(), shape.at(1).get<std::uint32_t>()};
    }
    index.options.imgsz = j.at("imgsz");
    const Json& o = j.at("options");
    index.options.codec = o.at("codec");
    index.options.decode = o.value("decode", std::string("exact"));
    index.options.quality = o.at("quality");
    index.options.variants = o.at("variants");
    if (j.contains("augment") && !j.at("augment").is_null()) index.options.augment = j.at("augment").dump();
    index.options.seed = j.at("seed");
    index.options.shard_bytes = o.at("shard_bytes");
    index.options.max_pixels = o.at("max_pixels");
    for (const Json& s : j.at("splits"))
        index.splits.push_back({s.at("name"), s.at("records"), s.at("rows"), s.at("backgrounds"), s.at("left_out"),
                                s.value("variants", index.options.variants)});
    for (const Json& s : j.at("shards")) index.shards.push_back(parse_shard(s));
    for (const Json& s : j.at("left_out")) index.left_out.push_back(parse_left_out(s));
    return index;
}

/// Names come from a file that anybody may have written: none may lead out of the folder.
bool plain_name(const std::string& file) {
    return !file.empty() && file.find('/') == std::string::npos && file.find('\0') == std::string::npos && file[0] != '.';
}

void check(const SetIndex& index, const std::string& path) {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> counted;
    for (const SplitEntry& split : index.splits) counted[split.name] = {0, 0};
    for (const ShardEntry& shard : index.shards) {
        if (!plain_name(shard.file)) corrupt(path, "names a shard outside its folder");
        const auto split = counted.find(shard.split);
        if (split == counted.end()) corrupt(path, "lists a shard of an unknown split");
        if (shard.first_record != split->second.first) corrupt(path, "its shards do not follow each other");
        split->second.first += shard.records;
        split->second.second += shard.rows;
    }
    for (const SplitEntry& split : index.splits) {
        if (counted[split.name] != std::pair(split.records, split.rows))
            corrupt(path, fmt::format("counts the records of split {} in two ways", split.name));
        if (split.variants < 0)
            corrupt(path, fmt::format("counts {} variants in split {}", split.variants, split.name));
    }
    if (index.digest != set_digest(index.shards)) corrupt(path, "its digest does not fit its shards");
}

}  // namespace

bool lacks_records(const SetIndex& index, std::string_view split) {
    for (const LeftOut& image : index.left_out)
        for (const Reason& reason : image.reasons)
            if (reason.rule.starts_with("shard/") && (split.empty() || image.split == split)) return true;
    return false;
}

std::string set_digest(const std::vector<ShardEntry>& shards) {
    Sha256 hash;
    for (const ShardEntry& shard : shards) {
        hash.update(std::string_view(shard.file));
        hash.update(std::string_view("\0", 1));
        hash.update(std::string_view(shard.sha256));
        hash.update(std::string_view("\n"));
    }
    return "sha256:" + to_hex(hash.finish());
}

std::string to_json(const SetIndex& index) {
    const auto space = index.tool.rfind(' ');
    Json j;
    j["schema"] = schema_id;
    j["tool"] = {{"name", index.tool.substr(0, space)}, {"version", index.tool.substr(space + 1)}};
    j["digest"] = index.digest;
    j["source_digest"] = index.source_digest;
    j["task"] = index.task;
    j["nc"] = index.class_count ? Json(*index.class_count) : Json(nullptr);
    j["names"] = index.names;
    // Left out where there is none, so that sets of boxes stay as version 1.0 wrote them.
    if (!index.geometry.empty()) j["geometry"] = index.geometry;
    if (index.keypoints.points != 0) j["kpt_shape"] = {index.keypoints.points, index.keypoints.dims};
    j["imgsz"] = index.options.imgsz;
    j["seed"] = index.options.seed;
    j["augment"] = index.options.augment.empty() ? Json(nullptr) : Json::parse(index.options.augment);
    j["options"] = options_json(index.options);
    j["splits"] = Json::array();
    for (const SplitEntry& s : index.splits) j["splits"].push_back(split_json(s, index.options));
    j["shards"] = Json::array();
    for (const ShardEntry& s : index.shards) j["shards"].push_back(shard_json(s));
    j["left_out"] = Json::array();
    for (const LeftOut& image : index.left_out) j["left_out"].push_back(left_out_json(image));
    return j.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

SetIndex read_set_index(const std::string& dir) {
    const std::string path = dir + "/" + index_file;
    std::string text;
    try {
        text = read_text_file(path, index_limit);
    } catch (const Error& e) {
        if (e.kind() != ErrorKind::not_found) throw;
        throw Error(ErrorKind::not_found, dir + ": holds no shard set (no index.json); make one with yolodata pack");
    }
    return parse_set_index(text, path);
}

SetIndex parse_set_index(const std::string& text, const std::string& path) {
    try {
        const Json j = Json::parse(text);
        const std::string schema = j.at("schema");
        if (schema != schema_id)
            throw Error(ErrorKind::unsupported, fmt::format("{}: its schema is {}, this version reads {}", path, schema, schema_id));
        SetIndex index = parse(j);
        check(index, path);
        return index;
    } catch (const Json::exception& e) {
        corrupt(path, std::string("does not parse as the index of a shard set (") + e.what() + ")");
    }
}

}  // namespace yolodata::shard
