// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

constexpr std::string_view schema_id = "yolodata.manifest/1";

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<Sha256Digest> parse_digest(std::string_view hex) {
    Sha256Digest digest;
    if (hex.size() != digest.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::byte>(high * 16 + low);
    }
    return digest;
}

[[noreturn]] void fail(const std::string& what) {
    throw Error(ErrorKind::corrupt, what);
}

// A name that is not UTF-8 with \xNN for such bytes, and for a backslash too: it must read back as
// it was.
std::string escaped_path(const std::string& path) {
    if (find_invalid_utf8(path) == std::string_view::npos) return path;
    std::string text;
    for (const char c : path) text += c == '\\' ? std::string("\\x5c") : std::string(1, c);
    return escape_invalid_utf8(text);
}

// The \xNN of such a name, back to bytes.
std::string unescape(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i + 3 < text.size() && text[i] == '\\' && text[i + 1] == 'x' &&
            hex_value(text[i + 2]) >= 0 && hex_value(text[i + 3]) >= 0) {
            bytes += static_cast<char>(hex_value(text[i + 2]) * 16 + hex_value(text[i + 3]));
            i += 3;
        } else {
            bytes += text[i];
        }
    }
    return bytes;
}

ManifestEntry entry_from(const nlohmann::json& item, std::size_t number) {
    const auto wrong = [number](std::string_view what) {
        fail(fmt::format("file {}: {}", number + 1, what));
    };
    if (!item.is_object()) wrong("is no object");
    const auto path = item.find("path"), size = item.find("size"), time = item.find("mtime_ns"),
               hash = item.find("sha256");
    if (path == item.end() || !path->is_string()) wrong("has no path");
    if (size == item.end() || !size->is_number_unsigned()) wrong("has no size");
    if (time == item.end() || !time->is_number_integer()) wrong("has no mtime_ns");
    if (hash == item.end() || !hash->is_string()) wrong("has no sha256");
    const auto digest = parse_digest(hash->get_ref<const std::string&>());
    if (!digest) wrong("its sha256 is no SHA-256");
    ManifestEntry entry;
    entry.path = path->get<std::string>();
    if (item.value("path_escaped", false)) entry.path = unescape(entry.path);
    entry.size = size->get<std::uint64_t>();
    entry.mtime_ns = time->get<std::int64_t>();
    entry.sha256 = *digest;
    return entry;
}

void sort_files(Manifest& manifest) {
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
    const auto twice = std::adjacent_find(
        manifest.files.begin(), manifest.files.end(),
        [](const ManifestEntry& a, const ManifestEntry& b) { return a.path == b.path; });
    if (twice != manifest.files.end())
        fail(fmt::format("{} is listed twice", printable(twice->path)));
}

// Names as sha256sum escapes them in a line that begins with a backslash.
std::string unescape_name(std::string_view name) {
    std::string plain;
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (name[i] == '\\' && i + 1 < name.size()) {
            const char c = name[++i];
            plain += c == 'n' ? '\n' : c == 'r' ? '\r' : c;
        } else {
            plain += name[i];
        }
    }
    return plain;
}

ManifestEntry parse_sum_line(std::string_view line, std::size_t number) {
    const bool escaped = line.starts_with('\\');
    if (escaped) line.remove_prefix(1);
    const auto digest = parse_digest(line.substr(0, 64));
    // "hash", a blank, and a blank (text) or a star (binary) in front of the name.
    if (!digest || line.size() < 67 || line[64] != ' ' || (line[65] != ' ' && line[65] != '*'))
        fail(fmt::format("line {} is no line of sha256sum", number));
    ManifestEntry entry;
    entry.sha256 = *digest;
    entry.path = escaped ? unescape_name(line.substr(66)) : std::string(line.substr(66));
    while (entry.path.starts_with("./")) entry.path.erase(0, 2);
    return entry;
}

}  // namespace

std::string digest_of(std::span<const ManifestEntry> sorted_files) {
    Sha256 hash;
    for (const ManifestEntry& file : sorted_files) {
        hash.update(file.path);
        hash.update(std::string_view("\0", 1));
        hash.update(to_hex(file.sha256));
        hash.update("\n");
    }
    return "sha256:" + to_hex(hash.finish());
}

std::string manifest_to_json(const Manifest& manifest) {
    // Written by hand: one line a file, so that a change of the data is a change of that line in a
    // diff.
    std::string text = fmt::format("{{\"schema\": \"{}\",\n \"digest\": \"{}\",\n", schema_id,
                                   digest_of(manifest.files));
    if (!manifest.signature.empty())
        text += fmt::format(" \"signature\": {},\n", nlohmann::json(manifest.signature).dump());
    text += " \"files\": [";
    for (std::size_t i = 0; i < manifest.files.size(); ++i) {
        const ManifestEntry& file = manifest.files[i];
        const std::string path = escaped_path(file.path);
        text += fmt::format(
            "{}\n  {{\"path\": {}, {}\"size\": {}, \"mtime_ns\": {}, \"sha256\": \"{}\"}}",
            i == 0 ? "" : ",", nlohmann::json(path).dump(),
            path == file.path ? "" : "\"path_escaped\": true, ", file.size, file.mtime_ns,
            to_hex(file.sha256));
    }
    return text + "\n ]}\n";
}

Manifest parse_manifest(std::string_view json) {
    const nlohmann::json root = nlohmann::json::parse(json, nullptr, false);
    if (root.is_discarded()) fail("it is no JSON");
    if (!root.is_object() || root.value("schema", nlohmann::json()) != schema_id)
        fail(fmt::format("it is no {}", schema_id));
    const auto files = root.find("files");
    if (files == root.end() || !files->is_array()) fail("it has no list of files");
    Manifest manifest;
    manifest.files.reserve(files->size());
    for (std::size_t i = 0; i < files->size(); ++i)
        manifest.files.push_back(entry_from((*files)[i], i));
    sort_files(manifest);
    const auto digest = root.find("digest");
    if (digest == root.end() || !digest->is_string()) fail("it has no digest");
    if (digest->get_ref<const std::string&>() != digest_of(manifest.files))
        fail("its own digest does not hold: it was edited or damaged");
    if (const auto signature = root.find("signature"); signature != root.end()) {
        if (!signature->is_string()) fail("its signature is no text");
        manifest.signature = signature->get<std::string>();
    }
    return manifest;
}

std::string manifest_to_sha256sum(const Manifest& manifest) {
    std::string text;
    for (const ManifestEntry& file : manifest.files) {
        std::string name;
        for (const char c : file.path) {
            if (c == '\\') {
                name += "\\\\";
            } else if (c == '\n') {
                name += "\\n";
            } else if (c == '\r') {
                name += "\\r";
            } else {
                name += c;
            }
        }
        text += fmt::format("{}{}  {}\n", name == file.path ? "" : "\\", to_hex(file.sha256), name);
    }
    return text;
}

Manifest parse_sha256sum(std::string_view text) {
    Manifest manifest;
    manifest.has_times = false;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        manifest.files.push_back(parse_sum_line(line, number));
    }
    sort_files(manifest);
    return manifest;
}

Manifest parse_any_manifest(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{' ? parse_manifest(text)
                                                                 : parse_sha256sum(text);
}

}  // namespace yolodata
