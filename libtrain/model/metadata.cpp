// SPDX-License-Identifier: Apache-2.0
#include "metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "yolodata/core/error.hpp"

namespace yolotrain::detail {

namespace {

/// Python writes {0: 'WBC', 1: "it's"}: its literal as JSON text, keys quoted. Only what repr()
/// makes of strings and whole numbers; anything else fails in the JSON parser.
std::string json_of_python(const std::string& text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c >= '0' && c <= '9') {
            const auto end = std::min(text.find_first_not_of("0123456789", i), text.size());
            out += '"' + text.substr(i, end - i) + '"';
            i = end - 1;
        } else if (c == '\'' || c == '"') {
            out += '"';
            for (++i; i < text.size() && text[i] != c; ++i) {
                if (text[i] == '\\' && i + 1 < text.size()) {
                    ++i;
                    if (text[i] != '\'') out += '\\';
                    out += text[i];
                } else {
                    if (text[i] == '"') out += '\\';
                    out += text[i];
                }
            }
            out += '"';
        } else {
            out += c;
        }
    }
    return out;
}

std::optional<std::size_t> whole_number(std::string_view text) {
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return {};
    return value;
}

/// Empty if the text is no mapping of 0 … n−1 to strings and no list of strings.
std::vector<std::string> parse_names(const std::string& text) {
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_discarded()) json = nlohmann::json::parse(json_of_python(text), nullptr, false);
    if (!json.is_object() && !json.is_array()) return {};
    std::vector<std::string> names(json.size());
    std::size_t next = 0;
    for (const auto& [key, value] : json.items()) {
        const auto index = json.is_array() ? std::optional(next++) : whole_number(key);
        if (!index || *index >= names.size() || !value.is_string()) return {};
        names[*index] = value.get<std::string>();
    }
    return names;
}

/// "320" or "[320, 320]": the first number.
int parse_imgsz(const std::string& text, int otherwise) {
    const auto begin = text.find_first_of("0123456789");
    if (begin == std::string::npos) return otherwise;
    const auto end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    const auto value = whole_number(std::string_view(text).substr(begin, end - begin));
    return value && *value >= 32 && *value <= 1 << 20 ? static_cast<int>(*value) : otherwise;
}

}  // namespace

std::map<std::string, std::string> format_metadata(const WeightsInfo& info) {
    nlohmann::ordered_json names = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < info.names.size(); ++i) names[std::to_string(i)] = info.names[i];
    constexpr auto bytes_kept = nlohmann::ordered_json::error_handler_t::replace;
    std::map<std::string, std::string> metadata = {
        {"names", names.dump(-1, ' ', false, bytes_kept)},
        {"imgsz", fmt::format("[{0}, {0}]", info.imgsz)},
        {"stride", "32"},
        {"task", "detect"},
        {"scale", std::string(to_string(info.scale))},
    };
    if (!info.data_digest.empty()) metadata["data_digest"] = info.data_digest;
    return metadata;
}

WeightsInfo parse_metadata(const std::map<std::string, std::string>& metadata, std::int64_t nc,
                           const std::string& path) {
    auto text = [&](const char* key) {
        const auto found = metadata.find(key);
        return found == metadata.end() ? std::string() : found->second;
    };
    WeightsInfo info;
    info.imgsz = parse_imgsz(text("imgsz"), info.imgsz);
    info.data_digest = text("data_digest");
    if (metadata.contains("names")) {
        info.names = parse_names(text("names"));
        if (static_cast<std::int64_t>(info.names.size()) != nc) {
            throw yolodata::Error(
                yolodata::ErrorKind::corrupt,
                fmt::format("{}: its metadata `names` does not name the {} classes of its weights",
                            path, nc));
        }
    } else {
        for (std::int64_t i = 0; i < nc; ++i) info.names.push_back(fmt::format("class{}", i));
    }
    return info;
}

}  // namespace yolotrain::detail
