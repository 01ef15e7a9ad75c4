// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <optional>
#include <string>

#include "yolodata/shard/set_index.hpp"

namespace yolodata::pack {

/// The codec that parts with --codec auto agreed on: the first that measured wrote it to OUT/.parts. Options that change
/// what is measured have a choice of their own. nullopt: nobody measured yet. Throws Error(corrupt) if it is neither raw
/// nor jpeg.
std::optional<std::string> agreed_codec(const std::string& out, int parts, const shard::SetOptions& options);
/// As link(2).
using Link = int (*)(const char* from, const char* to);
/// Proposes a codec; returns what counts, which is another part's if that was first. Throws Error(io | resource).
/// `link` is there for tests: not every file system has hard links.
std::string agree_on_codec(const std::string& out, int parts, const shard::SetOptions& options, const std::string& codec,
                           Link link = ::link);

}  // namespace yolodata::pack
