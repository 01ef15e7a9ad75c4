// SPDX-License-Identifier: Apache-2.0
#include "pack/part_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "pack/parts.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata::pack {

namespace {

constexpr const char* manifest_file = "/part.manifest.json";
/// In a part's manifest, what was divided among the parts: the SHA-256 of the list of all places, and its length as the
/// size. No file is so called: the paths of a dataset have no empty name in them.
constexpr const char* places_entry = "//places";

ManifestEntry entry_of(const Dataset& dataset, const std::vector<Place>& all) {
    Sha256 hash;
    for (const Place& place : all) {
        hash.update(fmt::format("{} ", place.split));
        hash.update(dataset.images[place.image].path);
        hash.update(std::string_view("\0", 1));
    }
    ManifestEntry entry;
    entry.path = places_entry;
    entry.size = all.size();
    entry.sha256 = hash.finish();
    return entry;
}

}  // namespace

PartFiles::PartFiles(const Dataset& dataset, const std::vector<Place>& all, int parts)
    : dataset_(dataset), all_(all), parts_(parts), files_(files_of(dataset)), places_(entry_of(dataset, all)) {
    std::unordered_set<std::string_view> of_places;
    for (const Place& place : all) {
        const ImageRef& image = dataset.images[place.image];
        of_places.insert({image.path, image.label_path});
    }
    std::copy_if(files_.begin(), files_.end(), std::back_inserter(nobodys_), [&](const std::string& path) { return of_places.count(path) == 0; });
}

std::optional<Manifest> PartFiles::manifest(int part, const KnownDigests& known, int jobs, const std::function<bool()>& go_on) const {
    const auto [begin, end] = part_range(all_.size(), part, parts_);
    std::vector<std::string> own;
    if (part == 1) own = nobodys_;
    for (std::size_t i = begin; i < end; ++i) {
        const ImageRef& image = dataset_.images[all_[i].image];
        for (const std::string* path : {&image.path, &image.label_path})
            if (std::binary_search(files_.begin(), files_.end(), *path)) own.push_back(*path);
    }
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());

    auto files = digests_of(dataset_, std::move(own), known, jobs, go_on);
    if (!files) return std::nullopt;
    Manifest manifest;
    manifest.files = std::move(*files);
    manifest.files.push_back(places_);
    std::sort(manifest.files.begin(), manifest.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return manifest;
}

void write_part_manifest(const std::string& folder, const Manifest& manifest) {
    write_file_atomically(folder + manifest_file, manifest_to_json(manifest));
}

Manifest read_part_manifest(const std::string& folder) { return parse_manifest(read_text_file(folder + manifest_file)); }

bool belongs_to(const Manifest& manifest, const shard::SetIndex& index) { return digest_of(manifest.files) == index.source_digest; }

ManifestEntry take_places(Manifest& manifest, const std::string& folder) {
    const auto found = std::find_if(manifest.files.begin(), manifest.files.end(), [](const auto& e) { return e.path == places_entry; });
    if (found == manifest.files.end())
        throw Error(ErrorKind::forbidden_state,
                    folder + manifest_file + ": does not say of which images the part is one; pack it again with --overwrite");
    ManifestEntry entry = *found;
    manifest.files.erase(found);
    return entry;
}

}  // namespace yolodata::pack
