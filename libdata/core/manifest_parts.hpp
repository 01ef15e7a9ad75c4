// SPDX-License-Identifier: Apache-2.0
// What the two forms of a manifest share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "yolodata/core/manifest.hpp"

namespace yolodata {

/// Value of a hexadecimal digit of either case; -1 if it is none.
int hex_value(char c);
std::optional<Sha256Digest> parse_sha256(std::string_view hex);
/// Throws Error(corrupt).
[[noreturn]] void refuse_manifest(const std::string& what);
/// By path bytes; refuses a path that stands twice.
void sort_files(Manifest& manifest);

}  // namespace yolodata
