// SPDX-License-Identifier: Apache-2.0
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "workers.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/rules.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata {

namespace {

/// The files whose turn it is. Each name has a place in [0, 1) for good, and run r takes those from
/// r · share to (r + 1) · share, round and round.
class Share {
 public:
    explicit Share(const Recheck& recheck)
        : share_(recheck.share),
          begin_(std::fmod(static_cast<double>(recheck.run) * recheck.share, 1)) {}

    bool holds(const std::string& path) const {
        if (share_ <= 0 || share_ >= 1) return share_ >= 1;
        const Sha256Digest digest = sha256(std::as_bytes(std::span(path)));
        double place = 0;
        for (std::size_t i = 6; i-- > 0;)
            place = (place + std::to_integer<unsigned>(digest[i])) / 256;
        const double after = place - begin_;
        return (after < 0 ? after + 1 : after) < share_;
    }

 private:
    double share_, begin_;
};

// One flag a file; bytes, so that threads may write side by side.
std::vector<char> find_trusted(const Manifest& manifest, const std::string& root, int jobs,
                               const Share& share) {
    std::vector<char> trusted(manifest.files.size(), 0);
    const Folder folder(root);
    Workers workers(jobs);
    workers.run([&] {
        tbb::parallel_for(tbb::blocked_range<std::size_t>(0, trusted.size(), 256),
                          [&](const tbb::blocked_range<std::size_t>& range) {
                              for (std::size_t i = range.begin(); i != range.end(); ++i) {
                                  const ManifestEntry& then = manifest.files[i];
                                  if (share.holds(then.path)) continue;
                                  const ReadResult now = folder.status(then.path);
                                  trusted[i] =
                                      now && now.size == then.size && now.mtime_ns == then.mtime_ns;
                              }
                          });
    });
    return trusted;
}

// The dataset's files that no line of the manifest names.
std::vector<Finding> added_files(const Manifest& manifest, const std::vector<std::string>& paths) {
    std::vector<Finding> findings;
    auto listed = manifest.files.begin();
    for (const std::string& path : paths) {
        while (listed != manifest.files.end() && listed->path < path) ++listed;
        if (listed == manifest.files.end() || listed->path != path)
            findings.push_back(
                make_finding("checksum/added", path, "is not listed in the manifest"));
    }
    return findings;
}

}  // namespace

Compared compare_dataset(const Manifest& manifest, const std::vector<std::string>& paths,
                         const std::string& root, int jobs, const Recheck& recheck,
                         const Progress& progress) {
    Manifest doubted;
    std::vector<std::string> doubted_paths;
    doubted.has_times = manifest.has_times;
    std::vector<char> trusted(manifest.files.size(), 0);
    if (manifest.has_times && recheck.share < 1)
        trusted = find_trusted(manifest, root, jobs, Share(recheck));
    for (std::size_t i = 0; i < trusted.size(); ++i) {
        if (trusted[i]) continue;
        doubted.files.push_back(manifest.files[i]);
        doubted_paths.push_back(manifest.files[i].path);
    }

    Compared compared;
    const HashedFiles hashed = hash_files(root, doubted_paths, jobs, progress);
    compared.stopped = hashed.stopped;
    if (hashed.stopped) return compared;
    compared.hashed = hashed.files.size();
    compared.trusted = manifest.files.size() - doubted.files.size();
    compared.findings = compare_with_manifest(doubted, hashed.files, root, jobs);
    std::vector<Finding> added = added_files(manifest, paths);
    compared.findings.insert(compared.findings.end(), std::make_move_iterator(added.begin()),
                             std::make_move_iterator(added.end()));
    return compared;
}

}  // namespace yolodata
