// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "manifest_parts.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

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
    const auto digest = parse_sha256(line.substr(0, 64));
    // "hash", a blank, and a blank (text) or a star (binary) in front of the name.
    if (!digest || line.size() < 67 || line[64] != ' ' || (line[65] != ' ' && line[65] != '*'))
        refuse_manifest(fmt::format("line {} is no line of sha256sum", number));
    ManifestEntry entry;
    entry.sha256 = *digest;
    entry.path = escaped ? unescape_name(line.substr(66)) : std::string(line.substr(66));
    while (entry.path.starts_with("./")) entry.path.erase(0, 2);
    if (entry.path.empty()) refuse_manifest(fmt::format("line {} names no file", number));
    return entry;
}

}  // namespace

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::optional<Sha256Digest> parse_sha256(std::string_view hex) {
    Sha256Digest digest;
    if (hex.size() != digest.size() * 2) return std::nullopt;
    for (std::size_t i = 0; i < digest.size(); ++i) {
        const int high = hex_value(hex[2 * i]), low = hex_value(hex[2 * i + 1]);
        if (high < 0 || low < 0) return std::nullopt;
        digest[i] = static_cast<std::byte>(high * 16 + low);
    }
    return digest;
}

void refuse_manifest(const std::string& what) {
    throw Error(ErrorKind::corrupt, what);
}

void sort_files(Manifest& manifest) {
    std::sort(manifest.files.begin(), manifest.files.end(),
              [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
    const auto twice = std::adjacent_find(
        manifest.files.begin(), manifest.files.end(),
        [](const ManifestEntry& a, const ManifestEntry& b) { return a.path == b.path; });
    if (twice != manifest.files.end())
        refuse_manifest(fmt::format("{} is listed twice", printable(twice->path)));
}

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
