// SPDX-License-Identifier: Apache-2.0
#include "pack/source_digest.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "yolodata/core/manifest.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata::pack {

std::string source_digest(const Dataset& dataset, const KnownDigests& known, int jobs, const std::function<bool()>& go_on) {
    std::vector<ManifestEntry> entries;
    std::vector<std::string> unknown;
    for (std::string& path : files_of(dataset)) {
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
    if (rest.stopped) return {};
    entries.insert(entries.end(), rest.files.begin(), rest.files.end());
    std::sort(entries.begin(), entries.end(),
              [](const ManifestEntry& a, const ManifestEntry& b) { return a.path < b.path; });
    return digest_of(entries);
}

}  // namespace yolodata::pack
