// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "yolodata/core/dataset.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/sha256.hpp"

namespace yolodata::pack {

/// Digests of files that were hashed already, by path.
using KnownDigests = std::unordered_map<std::string, Sha256Digest>;

/// Digests of files of the dataset, sorted by path: those that are not in `known` are read, those that cannot be read
/// are left out. nullopt: go_on said false meanwhile.
std::optional<std::vector<ManifestEntry>> digests_of(const Dataset& dataset, std::vector<std::string> paths, const KnownDigests& known,
                                                     int jobs, const std::function<bool()>& go_on);

/// The dataset's digest, "sha256:…", as `yolodata checksum` and the report of verify give it, from
/// digests_of() all its files. Empty: go_on said false meanwhile.
std::string source_digest(const Dataset& dataset, const KnownDigests& known, int jobs, const std::function<bool()>& go_on = {});

}  // namespace yolodata::pack
