// SPDX-License-Identifier: Apache-2.0
#include "pack/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/manifest.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/verify/hash_files.hpp"

namespace yolodata::pack {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;
constexpr const char* parts_folder = "/.parts";
constexpr const char* manifest_file = "/part.manifest.json";
/// In a part's manifest, what was divided among the parts: the SHA-256 of the list of all places, and its length as the
/// size. No file is so called: the paths of a dataset have no empty name in them.
constexpr const char* places_entry = "//places";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::forbidden_state, why); }

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

/// Takes that entry out again, so that files alone are left.
ManifestEntry take_places(Manifest& manifest, const std::string& folder) {
    const auto found = std::find_if(manifest.files.begin(), manifest.files.end(), [](const auto& e) { return e.path == places_entry; });
    if (found == manifest.files.end())
        refuse(folder + manifest_file + ": does not say of which images the part is one; pack it again with --overwrite");
    ManifestEntry entry = *found;
    manifest.files.erase(found);
    return entry;
}

bool same_frame(const shard::SetIndex& a, const shard::SetIndex& b) {
    return a.options == b.options && a.tool == b.tool && a.names == b.names && a.class_count == b.class_count && a.task == b.task &&
           a.geometry == b.geometry && a.keypoints.points == b.keypoints.points && a.keypoints.dims == b.keypoints.dims &&
           std::equal(a.splits.begin(), a.splits.end(), b.splits.begin(), b.splits.end(),
                      [](const auto& s, const auto& t) { return s.name == t.name; });
}

/// N of a folder that part_folder() names; 0 of any other.
int parts_in_name(const std::string& name) {
    int part = 0, parts = 0;
    const char* end = name.data() + name.size();
    const auto of = name.find("-of-");
    if (of == std::string::npos) return 0;
    std::from_chars(name.data(), end, part);
    std::from_chars(name.data() + of + 4, end, parts);
    return part >= 1 && part <= parts && name == fmt::format("{}-of-{}", part, parts) ? parts : 0;
}

/// N of the parts that stand there; two different N are refused.
int count_parts(const std::string& out) {
    std::set<int> counts;
    std::error_code none;
    for (const auto& entry : fs::directory_iterator(out + parts_folder, none)) {
        if (const int parts = parts_in_name(entry.path().filename().string()); parts != 0) counts.insert(parts);
    }
    if (counts.empty()) throw Error(ErrorKind::not_found, out + ": holds no parts; make them with yolodata pack --part I/N");
    if (counts.size() > 1)
        refuse(fmt::format("{}: holds parts of {} and of {}; remove those that are not meant from {}", out, *counts.begin(),
                           *counts.rbegin(), parts_folder + 1));
    return *counts.begin();
}

void check_fits(const std::string& out, const shard::SetIndex& first, const shard::SetIndex& other, int part) {
    if (first.options.codec != other.options.codec)
        refuse(fmt::format("{}: part 1 was packed with --codec {}, part {} with {}; pack one of them again with --overwrite", out,
                           first.options.codec, part, other.options.codec));
    if (!same_frame(first, other)) refuse(fmt::format("{}: parts 1 and {} were packed with different options or another data.yaml", out, part));
    if (first.options.variants > 0 && first.source_digest != other.source_digest)
        refuse(fmt::format("{}: the dataset changed between parts 1 and {}; pack them again", out, part));
}

shard::RecordData read_record(const shard::ShardSet& set, std::uint64_t number) {
    const shard::RecordInfo info = set.info(number);
    shard::RecordData record;
    record.width = info.width;
    record.height = info.height;
    record.codec = info.codec;
    record.checksum = info.checksum;
    record.boxes = set.boxes(number);
    record.geometry = set.geometry(number);
    record.source = info.source;
    record.source_width = info.source_width;
    record.source_height = info.source_height;
    record.variant = info.variant;
    if (!set.read(number, record.payload))
        throw Error(ErrorKind::corrupt, fmt::format("{}: record {} is damaged; pack this part again", set.shard_path(info.shard), number));
    return record;
}

}  // namespace

std::pair<std::size_t, std::size_t> part_range(std::size_t places, int part, int parts) {
    const auto i = static_cast<std::size_t>(part - 1), n = static_cast<std::size_t>(parts);
    return {places * i / n, places * (i + 1) / n};
}

std::string part_folder(const std::string& out, int part, int parts) { return fmt::format("{}{}/{}-of-{}", out, parts_folder, part, parts); }

std::string out_folder(const std::string& out, int part, int parts) { return parts == 1 ? out : part_folder(out, part, parts); }
std::string folder_of_parts(const std::string& out) { return out + parts_folder; }
std::string plain_root(const std::string& out, int parts) { return fmt::format("{}{}/plain-of-{}", out, parts_folder, parts); }

Manifest part_manifest(const Dataset& dataset, const std::vector<Place>& all, int part, int parts, const KnownDigests& known,
                       int jobs) {
    const auto [begin, end] = part_range(all.size(), part, parts);
    std::set<std::string> own, of_places;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const ImageRef& image = dataset.images[all[i].image];
        of_places.insert({image.path, image.label_path});
        if (i >= begin && i < end) own.insert({image.path, image.label_path});
    }
    std::vector<std::string> unknown;
    Manifest manifest;
    for (const std::string& path : files_of(dataset)) {
        const bool nobodys = of_places.count(path) == 0;
        if (own.count(path) == 0 && !(part == 1 && nobodys)) continue;
        const auto found = known.find(path);
        if (found == known.end()) {
            unknown.push_back(path);
            continue;
        }
        ManifestEntry entry;
        entry.path = path;
        entry.sha256 = found->second;
        manifest.files.push_back(std::move(entry));
    }
    HashedFiles rest = hash_files(dataset.root, unknown, jobs);
    manifest.files.insert(manifest.files.end(), rest.files.begin(), rest.files.end());
    manifest.files.push_back(entry_of(dataset, all));
    std::sort(manifest.files.begin(), manifest.files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return manifest;
}

void write_part_manifest(const std::string& folder, const Manifest& manifest) {
    write_file_atomically(folder + manifest_file, manifest_to_json(manifest));
}

std::vector<Part> read_parts(const std::string& out) {
    const int count = count_parts(out);
    std::vector<Part> parts;
    for (int i = 1; i <= count; ++i) {
        Part part;
        part.folder = part_folder(out, i, count);
        if (!shard::is_shard_set(part.folder)) refuse(fmt::format("{}: part {}/{} is not done; run it with --part {}/{}", out, i, count, i, count));
        part.index = shard::read_set_index(part.folder);
        if (i > 1) check_fits(out, parts[0].index, part.index, i);
        if (part.index.options.variants == 0) {
            part.files = parse_manifest(read_text_file(part.folder + manifest_file));
            part.places = take_places(part.files, part.folder);
            const ManifestEntry& places = i == 1 ? part.places : parts[0].places;
            if (places.sha256 != part.places.sha256 || places.size != part.places.size)
                refuse(fmt::format("{}: part 1 was packed of {} images, part {} of {} or of others; the dataset changed: pack them again", out,
                                   places.size, i, part.places.size));
        }
        parts.push_back(std::move(part));
    }
    return parts;
}

std::string digest_of_parts(const std::string& out, const std::vector<Part>& parts) {
    std::map<std::string, ManifestEntry> files;
    for (const Part& part : parts)
        for (const ManifestEntry& entry : part.files.files) {
            const auto [known, is_new] = files.emplace(entry.path, entry);
            if (!is_new && known->second.sha256 != entry.sha256)
                refuse(fmt::format("{}: {} changed while the parts were packed; pack them again", out, entry.path));
        }
    std::vector<ManifestEntry> sorted;
    for (auto& [path, entry] : files) sorted.push_back(std::move(entry));
    return digest_of(sorted);
}

PackReport merge(const std::string& out, bool overwrite, const PackProgress& progress) {
    const auto start = std::chrono::steady_clock::now();
    PackReport report;
    const std::vector<Part> parts = read_parts(out);
    std::uint64_t total = 0, done = 0;
    for (const Part& part : parts)
        for (const auto& split : part.index.splits) total += split.records;
    shard::Staging staging(out, overwrite ? shard::Staging::Old::replace : shard::Staging::Old::refuse);
    shard::SetIndex frame = parts[0].index;
    frame.splits.clear(), frame.shards.clear(), frame.left_out.clear();
    shard::SetWriter writer(staging.folder(), frame);
    for (const auto& split : parts[0].index.splits) {
        writer.begin_split(split.name);
        for (const Part& part : parts) {
            for (const shard::LeftOut& image : part.index.left_out)
                if (image.split == split.name) writer.leave_out(image);
            const shard::ShardSet set(part.folder, split.name);
            for (std::uint64_t i = 0; i < set.size(); ++i) {
                writer.add(read_record(set, i));
                if (progress && !progress(++done, total)) return report.outcome = PackOutcome::stopped, report;
            }
        }
    }
    if (total == 0) throw Error(ErrorKind::not_found, out + ": not one image of its parts can be packed; see yolodata verify");
    report.index = writer.finish(frame.options.variants > 0 ? parts[0].index.source_digest : digest_of_parts(out, parts));
    staging.publish(report.index);
    std::error_code ignored;
    fs::remove_all(folder_of_parts(out), ignored);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace yolodata::pack
