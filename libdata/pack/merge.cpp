// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "pack/parts.hpp"
#include "shard/coded_record.hpp"
#include "upkeep/mend_source.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

namespace fs = std::filesystem;

namespace {

using shard::Staging;

/// Holds the lock of a part and leaves everything in it as it is.
class PartLock {
   public:
    /// Throws shard::Occupied where the part is being packed.
    explicit PartLock(const Part& part) : staging_(part.folder, Staging::Old::replace, Staging::Unfinished::keep) {}

   private:
    Staging staging_;
};

void check_unchanged(const Part& part) {
    if (shard::read_set_index(part.folder).digest != part.index.digest)
        throw Error(ErrorKind::forbidden_state, part.folder + ": was packed anew while the parts were merged; merge them again with --overwrite");
}

void remove_tree(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw_errno("remove", path.string(), error.value());
}

/// What the parts of this N share: their plain pictures and their choice of a codec.
std::vector<fs::path> shared_files(const std::string& out, std::size_t n) {
    std::vector<fs::path> paths;
    std::error_code ignored;
    const std::string plain = fmt::format("plain-of-{}", n), codec = fmt::format("codec-of-{}-", n);
    for (const auto& entry : fs::directory_iterator(folder_of_parts(out), ignored)) {
        const std::string name = entry.path().filename().string();
        if (name == plain || name.starts_with(plain + "-") || name.starts_with(codec)) paths.push_back(entry.path());
    }
    return paths;
}

/// Returns what could not be removed, and why. While a part is there that somebody packs, what the parts share stays too.
std::vector<std::string> remove_parts(const std::string& out, const std::vector<Part>& parts) {
    std::vector<std::string> kept;
    for (const Part& part : parts) {
        try {
            const PartLock lock(part);
            check_unchanged(part);
            remove_tree(part.folder);
        } catch (const Error& e) {
            kept.emplace_back(e.what());
        }
    }
    if (!kept.empty()) return kept;
    for (const fs::path& path : shared_files(out, parts.size())) {
        try {
            remove_tree(path);
        } catch (const Error& e) {
            kept.emplace_back(e.what());
        }
    }
    std::error_code others_are_there;
    fs::remove(folder_of_parts(out), others_are_there);
    return kept;
}

/// Adds the part's records of one split; false: `done` said stop.
bool add_records(const Part& part, const std::string& split, const std::function<bool()>& done, shard::SetWriter& writer) {
    bool go_on = true;
    for (const shard::ShardEntry& listed : part.index.shards) {
        if (listed.split != split || !go_on) continue;
        shard::MendSource source(part.folder, listed);
        source.each([&](const shard::CodedRecord& record) { return writer.add(record), go_on = done(); },
                    [&](const shard::LostRecord& record) -> bool {
                        throw Error(ErrorKind::corrupt, fmt::format("{}/{}: record {} is damaged: {}; pack this part again", part.folder,
                                                                    listed.file, record.number, record.reason));
                    });
    }
    return go_on;
}

}  // namespace

PackReport merge(const std::string& out, bool overwrite, const PackProgress& progress) {
    const auto start = std::chrono::steady_clock::now();
    PackReport report;
    const std::vector<Part> parts = read_parts(out);
    for (const Part& part : parts) const PartLock lock(part);  // one after the other: there may be more than files may be open
    std::uint64_t total = 0, done = 0;
    for (const Part& part : parts)
        for (const auto& split : part.index.splits) total += split.records;
    const auto one_more = [&] { return ++done, !progress || progress(done, total); };
    Staging staging(out, overwrite ? Staging::Old::replace : Staging::Old::refuse);
    shard::SetIndex frame = parts[0].index;
    frame.splits.clear(), frame.shards.clear(), frame.left_out.clear();
    shard::SetWriter writer(staging.folder(), frame);
    for (const auto& split : parts[0].index.splits) {
        writer.begin_split(split.name, split.variants);
        for (const Part& part : parts) {
            for (const shard::LeftOut& image : part.index.left_out)
                if (image.split == split.name) writer.leave_out(image);
            if (!add_records(part, split.name, one_more, writer)) return report.outcome = PackOutcome::stopped, report;
        }
    }
    if (total == 0) throw Error(ErrorKind::not_found, out + ": not one image of its parts can be packed; see yolodata verify");
    report.index = writer.finish(frame.options.variants > 0 ? parts[0].index.source_digest : digest_of_parts(out, parts));
    staging.publish(report.index);
    report.not_removed = remove_parts(out, parts);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace yolodata::pack
