// SPDX-License-Identifier: Apache-2.0
#include "pack/source_digest.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "yolodata/core/manifest.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata::pack {

std::optional<std::vector<ManifestEntry>> digests_of(const Dataset& dataset, std::vector<std::string> paths, const KnownDigests& known,
                                                     int jobs, const std::function<bool()>& go_on) {
    std::vector<ManifestEntry> entries;
    std::vector<std::string> unknown;
    for (std::string& path : paths) {
        const auto found = known.find(path);
        if (found == known.end()) {
            unknown.push_back(std::move(path));
            continue;
        }
        ManifestEntry entry;
        entry.path = std::move(path);
        entry.sha256 = found->second;
        entries.push_back(std::move(entry));
    }
    HashedFiles rest = hash_files(dataset.root, unknown, jobs, [&](std::uint64_t, std::uint64_t) { return !go_on || go_on(); });
    if (rest.stopped) return std::nullopt;
    std::move(rest.files.begin(), rest.files.end(), std::back_inserter(entries));
    std::sort(entries.begin(), entries.end(),
              [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
    return entries;
}

std::string source_digest(const Dataset& dataset, const KnownDigests& known, int jobs, const std::function<bool()>& go_on) {
    const auto entries = digests_of(dataset, files_of(dataset), known, jobs, go_on);
    return entries ? digest_of(*entries) : std::string();
}

}  // namespace yolodata::pack
