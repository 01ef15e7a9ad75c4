// SPDX-License-Identifier: Apache-2.0
#include "journal_line.hpp"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view schema = "yolodata.repair-journal/1";

// A name that is not UTF-8 cannot stand in JSON: it goes in hex, under another key.
void put_path(Json& json, const std::string& key, const std::string& path) {
    if (find_invalid_utf8(path) == std::string::npos)
        json[key] = path;
    else
        json[key + "_hex"] = to_hex(std::as_bytes(std::span(path.data(), path.size())));
}

std::string from_hex(const std::string& hex) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

std::string get_path(const Json& json, const std::string& key) {
    std::string path = json.contains(key) ? json.at(key).get<std::string>()
                                          : from_hex(json.at(key + "_hex").get<std::string>());
    if (path.empty() || path.front() == '/' || path == ".." || path.starts_with("../") ||
        path.find("/../") != std::string::npos || path.ends_with("/.."))
        throw std::runtime_error("a path that is not below the dataset's root");
    return path;
}

Sha256Digest get_digest(const Json& json, const std::string& key) {
    const std::string bytes = from_hex(json.at(key).get<std::string>());
    Sha256Digest digest{};
    if (bytes.size() != digest.size()) throw std::runtime_error("a digest of a wrong length");
    for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<std::byte>(bytes[i]);
    return digest;
}

RepairAction action_named(const std::string& name) {
    for (const RepairAction action :
         {RepairAction::rewrite, RepairAction::quarantine, RepairAction::rename})
        if (to_string(action) == name) return action;
    throw std::runtime_error("an unknown action " + name);
}

}  // namespace

std::string header_line() {
    return Json{{"schema", schema}}.dump() + "\n";
}

std::string entry_line(const JournalEntry& entry) {
    Json json{{"n", entry.number}, {"do", to_string(entry.action)}};
    put_path(json, "path", entry.path);
    if (entry.action == RepairAction::rename) put_path(json, "to", entry.to);
    json["size"] = entry.size;
    json["mtime_ns"] = entry.mtime_ns;
    if (entry.hashed) json["sha256"] = to_hex(entry.before);
    if (entry.action == RepairAction::rewrite) json["after"] = to_hex(entry.after);
    return json.dump() + "\n";
}

std::string folder_line(const std::string& path, std::int64_t mtime_ns) {
    Json json;
    put_path(json, "folder", path);
    json["mtime_ns"] = mtime_ns;
    return json.dump() + "\n";
}

std::string done_line() {
    return Json{{"done", true}}.dump() + "\n";
}

JournalLine parse_journal_line(const std::string& line) {
    const Json json = Json::parse(line);
    JournalLine read;
    if (json.contains("schema")) {
        if (json.at("schema") != schema) throw std::runtime_error("not a " + std::string(schema));
    } else if (json.contains("done")) {
        read.done = true;
    } else if (json.contains("folder") || json.contains("folder_hex")) {
        read.folder = get_path(json, "folder");
        read.mtime_ns = json.at("mtime_ns").get<std::int64_t>();
    } else {
        JournalEntry entry;
        entry.number = json.at("n").get<std::uint64_t>();
        entry.action = action_named(json.at("do").get<std::string>());
        entry.path = get_path(json, "path");
        if (entry.action == RepairAction::rename) entry.to = get_path(json, "to");
        entry.size = json.at("size").get<std::uint64_t>();
        entry.mtime_ns = json.at("mtime_ns").get<std::int64_t>();
        entry.hashed = json.contains("sha256");
        if (entry.hashed) entry.before = get_digest(json, "sha256");
        if (entry.action == RepairAction::rewrite) entry.after = get_digest(json, "after");
        read.entry = std::move(entry);
    }
    return read;
}

}  // namespace yolodata
