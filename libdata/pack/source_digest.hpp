// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "yolodata/core/dataset.hpp"
#include "yolodata/core/sha256.hpp"

namespace yolodata::pack {

/// Digests of files that were hashed already, by path.
using KnownDigests = std::unordered_map<std::string, Sha256Digest>;

/// The dataset's digest, "sha256:…", as `yolodata checksum` and the report of verify give it. Files that are
/// not in `known` are read. Files that cannot be read do not count. Empty: go_on said false meanwhile.
std::string source_digest(const Dataset& dataset, const KnownDigests& known, int jobs, const std::function<bool()>& go_on = {});

}  // namespace yolodata::pack
