// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/hash_files.hpp"

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_pipeline.h>

#include <algorithm>
#include <cerrno>

#include "workers.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/core/utf8.hpp"

namespace yolodata {

namespace {

struct Hashed {
    ManifestEntry entry;
    ReadResult result;
};

Hashed hash_file(const Folder& folder, const std::string& path, Sha256& hash) {
    Hashed hashed;
    hashed.result =
        folder.stream(path, [&hash](std::span<const std::byte> piece) { hash.update(piece); });
    hashed.entry.path = path;
    hashed.entry.sha256 = hash.finish();
    hashed.entry.size = hashed.result.size;
    hashed.entry.mtime_ns = hashed.result.mtime_ns;
    return hashed;
}

void collect(Hashed hashed, HashedFiles& all) {
    if (hashed.result && !hashed.result.shrank) {
        all.files.push_back(std::move(hashed.entry));
        return;
    }
    const ReadResult& result = hashed.result;
    all.failed.push_back({std::move(hashed.entry.path),
                          result ? "shrank while it was read" : result.reason(),
                          result.error_number == ENOENT || result.error_number == ENOTDIR});
}

std::string short_hash(const Sha256Digest& digest) {
    return to_hex(std::span(digest).first(6)) + "…";
}

void compare_file(const ManifestEntry& then, const ManifestEntry& now, bool has_times,
                  std::vector<Finding>& findings) {
    if (then.sha256 == now.sha256) return;
    const bool untouched = has_times && then.size == now.size && then.mtime_ns == now.mtime_ns;
    findings.push_back(make_finding(
        untouched ? "checksum/bit-rot" : "checksum/changed", now.path,
        fmt::format("SHA-256 {} instead of {}{}", short_hash(now.sha256), short_hash(then.sha256),
                    untouched ? " while size and time are the same"
                    : has_times && then.size != now.size
                        ? fmt::format("; {} bytes instead of {}", now.size, then.size)
                        : "")));
}

}  // namespace

std::vector<std::string> files_of(const Dataset& dataset) {
    std::vector<std::string> paths;
    paths.reserve(dataset.images.size() * 2);
    for (const ImageRef& image : dataset.images) {
        paths.push_back(image.path);
        if (image.has_label) paths.push_back(image.label_path);
    }
    paths.insert(paths.end(), dataset.orphan_labels.begin(), dataset.orphan_labels.end());
    paths.insert(paths.end(), dataset.list_files.begin(), dataset.list_files.end());
    if (!dataset.config.empty()) paths.push_back(dataset.config);
    std::sort(paths.begin(), paths.end());
    paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
    return paths;
}

HashedFiles hash_files(const std::string& root, const std::vector<std::string>& paths, int jobs,
                       const Progress& progress) {
    HashedFiles all;
    const Folder folder(root);
    std::size_t next = 0;
    std::uint64_t done = 0;
    tbb::enumerable_thread_specific<Sha256> hashes;
    // What is under way, by turns. Owned here: TBB forgets its own tokens when the progress
    // callback throws.
    struct Item {
        std::size_t path = 0;
        Hashed hashed;
    };
    std::vector<Item> items(static_cast<std::size_t>(jobs) * 8);
    Workers workers(jobs);
    workers.run([&] {
        tbb::parallel_pipeline(
            items.size(),
            tbb::make_filter<void, Item*>(tbb::filter_mode::serial_in_order,
                                          [&](tbb::flow_control& control) -> Item* {
                                              if (next == paths.size() || all.stopped) {
                                                  control.stop();
                                                  return nullptr;
                                              }
                                              Item& item = items[next % items.size()];
                                              item.path = next++;
                                              return &item;
                                          }) &
                tbb::make_filter<Item*, Item*>(tbb::filter_mode::parallel,
                                               [&](Item* item) {
                                                   item->hashed = hash_file(
                                                       folder, paths[item->path], hashes.local());
                                                   return item;
                                               }) &
                tbb::make_filter<Item*, void>(tbb::filter_mode::serial_in_order, [&](Item* item) {
                    collect(std::move(item->hashed), all);
                    if (progress && !progress(++done, paths.size())) all.stopped = true;
                }));
    });
    if (all.stopped) {
        all.files.clear();
        all.failed.clear();
    }
    return all;
}

std::vector<Finding> compare_with_manifest(const Manifest& manifest,
                                           const std::vector<ManifestEntry>& files,
                                           const std::string& root, int jobs) {
    std::vector<Finding> findings;
    std::vector<const ManifestEntry*> unseen;
    auto now = files.begin();
    const auto add_new = [&](const ManifestEntry& entry) {
        findings.push_back(
            make_finding("checksum/added", entry.path, "is not listed in the manifest"));
    };
    for (const ManifestEntry& then : manifest.files) {
        for (; now != files.end() && now->path < then.path; ++now) add_new(*now);
        if (now != files.end() && now->path == then.path) {
            compare_file(then, *now++, manifest.has_times, findings);
        } else {
            unseen.push_back(&then);
        }
    }
    for (; now != files.end(); ++now) add_new(*now);

    std::vector<std::string> paths;
    for (const ManifestEntry* entry : unseen) paths.push_back(entry->path);
    const HashedFiles others = hash_files(root, paths, jobs);
    std::size_t at = 0;
    for (const ManifestEntry* then : unseen) {
        if (at < others.files.size() && others.files[at].path == then->path)
            compare_file(*then, others.files[at++], manifest.has_times, findings);
    }
    for (const UnhashedFile& file : others.failed)
        findings.push_back(
            make_finding("checksum/missing", file.path,
                         file.absent ? "is listed in the manifest and not there" : file.reason));
    return findings;
}

}  // namespace yolodata
