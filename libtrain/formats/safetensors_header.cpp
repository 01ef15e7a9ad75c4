// SPDX-License-Identifier: Apache-2.0
#include "safetensors_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "yolodata/core/error.hpp"

namespace yolotrain::formats {

namespace {

using Json = nlohmann::json;

constexpr int max_depth = 4;  // { name: { "shape": [ … ] } }
constexpr int max_rank = 32;  // far above any real tensor
constexpr std::string_view metadata_key = "__metadata__";

[[noreturn]] void refuse(const std::string& path, const std::string& what) {
    throw yolodata::Error(yolodata::ErrorKind::corrupt,
                          path + ": not a sound safetensors file: " + what);
}

/// nlohmann's parser keeps the last of two equal keys; here they are an attack or an accident.
Json parse_without_duplicates(std::string_view text, const std::string& path) {
    std::vector<std::set<std::string>> keys;
    auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        if (depth > max_depth) refuse(path, "its header is nested too deep");
        if (event == Json::parse_event_t::object_start) keys.emplace_back();
        if (event == Json::parse_event_t::object_end) keys.pop_back();
        if (event == Json::parse_event_t::key) {
            const auto& key = parsed.get_ref<const std::string&>();
            if (!keys.back().insert(key).second) {
                refuse(path, fmt::format("the key {} stands twice in its header", key));
            }
        }
        return true;
    };
    try {
        return Json::parse(text.begin(), text.end(), watch);
    } catch (const Json::exception& e) {
        refuse(path, std::string("its header is no JSON: ") + e.what());
    }
}

std::uint64_t unsigned_number(const Json& value, const std::string& path, const std::string& name) {
    if (!value.is_number_unsigned()) {
        refuse(path, fmt::format("tensor {}: a size or offset is no whole number", name));
    }
    return value.get<std::uint64_t>();
}

TensorEntry read_entry(const std::string& name, const Json& value, const std::string& path) {
    if (!value.is_object() || !value.contains("dtype") || !value["dtype"].is_string() ||
        !value.contains("shape") || !value["shape"].is_array() || !value.contains("data_offsets") ||
        !value["data_offsets"].is_array() || value["data_offsets"].size() != 2 ||
        value.size() != 3) {
        refuse(path,
               fmt::format("tensor {}: an entry has dtype, shape and two data_offsets", name));
    }
    TensorEntry entry;
    entry.name = name;
    entry.dtype = value["dtype"].get<std::string>();
    std::uint64_t bytes = element_size(entry.dtype);
    if (bytes == 0) refuse(path, fmt::format("tensor {}: unknown type {}", name, entry.dtype));
    if (value["shape"].size() > max_rank)
        refuse(path, fmt::format("tensor {}: too many dimensions", name));
    for (const auto& side : value["shape"]) {
        const auto n = unsigned_number(side, path, name);
        constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();
        if (n > limit || (n != 0 && bytes > limit / n)) {
            refuse(path, fmt::format("tensor {}: its shape is too large", name));
        }
        bytes *= n;
        entry.shape.push_back(static_cast<std::int64_t>(n));
    }
    entry.begin = unsigned_number(value["data_offsets"][0], path, name);
    entry.end = unsigned_number(value["data_offsets"][1], path, name);
    if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
        refuse(path, fmt::format("tensor {}: bytes {} … {} do not fit its shape of {} bytes", name,
                                 entry.begin, entry.end, bytes));
    }
    return entry;
}

void check_cover(const std::vector<TensorEntry>& sorted, std::uint64_t data_bytes,
                 const std::string& path) {
    std::uint64_t at = 0;
    for (const auto& entry : sorted) {
        if (entry.begin != at) {
            refuse(
                path,
                fmt::format(
                    "tensor {} begins at byte {} of the data, {} {}", entry.name, entry.begin,
                    entry.begin < at ? "inside the one before, up to" : "after a hole from", at));
        }
        at = entry.end;
    }
    if (at > data_bytes) {
        refuse(path, fmt::format("it is truncated: {} of {} data bytes are there", data_bytes, at));
    }
    if (at < data_bytes)
        refuse(path, fmt::format("{} bytes follow the last tensor", data_bytes - at));
}

}  // namespace

std::uint64_t element_size(std::string_view dtype) {
    if (dtype == "F64" || dtype == "I64" || dtype == "U64") return 8;
    if (dtype == "F32" || dtype == "I32" || dtype == "U32") return 4;
    if (dtype == "F16" || dtype == "BF16" || dtype == "I16" || dtype == "U16") return 2;
    if (dtype == "I8" || dtype == "U8" || dtype == "BOOL") return 1;
    return 0;
}

SafetensorsHeader parse_safetensors_header(std::string_view json, std::uint64_t data_bytes,
                                           const std::string& path) {
    if (json.empty() || json.front() != '{') refuse(path, "its header does not begin with {");
    const Json root = parse_without_duplicates(json, path);
    SafetensorsHeader header;
    for (const auto& [name, value] : root.items()) {
        if (name != metadata_key) {
            header.tensors.push_back(read_entry(name, value, path));
            continue;
        }
        if (!value.is_object()) refuse(path, "__metadata__ is no object");
        for (const auto& [key, text] : value.items()) {
            if (!text.is_string()) refuse(path, fmt::format("metadata {} is no string", key));
            header.metadata[key] = text.get<std::string>();
        }
    }
    // An empty tensor sorts before the one that begins at the same byte.
    std::sort(header.tensors.begin(), header.tensors.end(), [](const auto& a, const auto& b) {
        return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    check_cover(header.tensors, data_bytes, path);
    return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
    nlohmann::ordered_json root = nlohmann::ordered_json::object();
    if (!header.metadata.empty()) root[std::string(metadata_key)] = header.metadata;
    for (const auto& entry : header.tensors) {
        root[entry.name] = {{"dtype", entry.dtype},
                            {"shape", entry.shape},
                            {"data_offsets", {entry.begin, entry.end}}};
    }
    std::string text = root.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
}

}  // namespace yolotrain::formats
