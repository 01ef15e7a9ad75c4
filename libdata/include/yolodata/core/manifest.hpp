// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "yolodata/core/sha256.hpp"

namespace yolodata {

/// One file of a dataset by content.
struct ManifestEntry {
    std::string path;           ///< relative to the dataset's root, forward slashes, raw bytes
    std::uint64_t size = 0;     ///< bytes
    std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970
    Sha256Digest sha256{};
};

/// The file `yolodata.sha256.json` (schemas/manifest.schema.json): what a dataset held when it was
/// written.
struct Manifest {
    std::vector<ManifestEntry> files;  ///< sorted by path bytes, each path once
    bool has_times =
        true;  ///< false: read from a sha256sum list, which knows neither size nor time
    std::string signature = {};  ///< Ed25519 over the digest's text, in base64; empty = unsigned
};

inline constexpr std::string_view manifest_file_name = "yolodata.sha256.json";

/// Identity of a dataset, "sha256:…": SHA-256 over `path NUL hex LF` of all files, sorted by path
/// bytes.
std::string digest_of(std::span<const ManifestEntry> sorted_files);

std::string manifest_to_json(const Manifest& manifest);
/// Throws Error(corrupt) if the text is no manifest or its own digest does not hold.
Manifest parse_manifest(std::string_view json);

/// A list as coreutils' `sha256sum` writes it: a backslash in front of a line escapes \\ and \n
/// (and \r) in its name.
std::string manifest_to_sha256sum(const Manifest& manifest);
/// Reads one: upper-case hex, `*` for binary, CRLF, blank lines and comments (#) too. Names are
/// taken from the folder that sha256sum would run in; "./" in front is removed. Throws
/// Error(corrupt) with the line.
Manifest parse_sha256sum(std::string_view text);

/// Either of the two, told apart by content.
Manifest parse_any_manifest(std::string_view text);

}  // namespace yolodata
