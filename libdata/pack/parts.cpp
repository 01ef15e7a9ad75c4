// SPDX-License-Identifier: Apache-2.0
#include "pack/parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>

#include "pack/part_files.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::pack {

namespace fs = std::filesystem;

namespace {

constexpr const char* parts_folder = "/.parts";

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::forbidden_state, why); }

bool same_frame(const shard::SetIndex& a, const shard::SetIndex& b) {
    return a.options == b.options && a.tool == b.tool && a.names == b.names && a.class_count == b.class_count && a.task == b.task &&
           a.geometry == b.geometry && a.keypoints.points == b.keypoints.points && a.keypoints.dims == b.keypoints.dims &&
           std::equal(a.splits.begin(), a.splits.end(), b.splits.begin(), b.splits.end(),
                      [](const auto& s, const auto& t) { return s.name == t.name && s.variants == t.variants; });
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

}  // namespace

std::pair<std::size_t, std::size_t> part_range(std::size_t places, int part, int parts) {
    const auto i = static_cast<std::size_t>(part - 1), n = static_cast<std::size_t>(parts);
    return {places * i / n, places * (i + 1) / n};
}

std::string part_folder(const std::string& out, int part, int parts) { return fmt::format("{}{}/{}-of-{}", out, parts_folder, part, parts); }

std::string out_folder(const std::string& out, int part, int parts) { return parts == 1 ? out : part_folder(out, part, parts); }
std::string folder_of_parts(const std::string& out) { return out + parts_folder; }
std::string plain_root(const std::string& out, int parts, const std::string& frame) {
    return fmt::format("{}{}/plain-of-{}-{}", out, parts_folder, parts, frame);
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
            part.files = read_part_manifest(part.folder);
            if (!belongs_to(part.files, part.index))
                refuse(fmt::format("{}: its manifest is not that of its shards, for packing part {}/{} anew was interrupted; run it again with --part {}/{} --overwrite",
                                   part.folder, i, count, i, count));
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

}  // namespace yolodata::pack
