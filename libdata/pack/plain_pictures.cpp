// SPDX-License-Identifier: Apache-2.0
#include "pack/plain_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "yolodata/core/error.hpp"

namespace yolodata::pack {

void throw_changed(const std::string& folder) {
    throw Error(ErrorKind::forbidden_state, folder + ": its pictures changed while variants were made of them; run it again");
}

void PlainSet::check_unchanged() const {
    std::string now;
    try {
        now = shard::read_set_index(folder).digest;
    } catch (const Error&) {  // another process is about to replace it, or did away with it
    }
    if (now != index.digest) throw_changed(folder);
}

PlainSplit::PlainSplit(const std::vector<PlainSet>& sets, const std::string& split) : plain_(sets), first_{0} {
    shard::ReadOptions options;
    options.mapped_bytes /= sets.size();  // all of them together map no more than one set would
    std::size_t files = 0;
    for (const PlainSet& set : sets) files += set.index.shards.size();
    for (const PlainSet& set : sets) {
        options.files_beside = files - set.index.shards.size();
        try {
            sets_.emplace_back(set.folder, split, options);
        } catch (const Error&) {
            set.check_unchanged();
            throw;
        }
        if (sets_.back().digest() != set.index.digest) throw_changed(set.folder);
        first_.push_back(first_.back() + sets_.back().size());
    }
}

std::size_t PlainSplit::set_of(std::uint64_t number) const {
    return static_cast<std::size_t>(std::upper_bound(first_.begin(), first_.end(), number) - first_.begin()) - 1;
}

shard::RecordInfo PlainSplit::info(std::uint64_t number) const {
    const std::size_t set = set_of(number);
    return sets_[set].info(number - first_[set]);
}

void PlainSplit::throw_unreadable(std::size_t set, const shard::RecordInfo& info) const {
    plain_[set].check_unchanged();
    throw Error(ErrorKind::corrupt, fmt::format("{}: what was just written there cannot be read back; check the disk",
                                                sets_[set].shard_path(info.shard)));
}

shard::RecordData PlainSplit::record(std::uint64_t number) const {
    const std::size_t s = set_of(number);
    const std::uint64_t local = number - first_[s];
    const shard::RecordInfo info = sets_[s].info(local);
    shard::RecordData record;
    record.width = info.width;
    record.height = info.height;
    record.codec = info.codec;
    if (!sets_[s].read(local, record.payload)) throw_unreadable(s, info);
    record.checksum = info.checksum;
    record.boxes = sets_[s].boxes(local);
    record.source = info.source;
    record.source_width = info.source_width;
    record.source_height = info.source_height;
    record.geometry = sets_[s].geometry(local);
    return record;
}

Scene PlainSplit::scene(std::uint64_t number) const {
    const std::size_t s = set_of(number);
    const shard::ShardSet& set = sets_[s];
    const std::uint64_t local = number - first_[s];
    const shard::RecordInfo info = set.info(local);
    Scene scene;
    scene.image.width = info.width;
    scene.image.height = info.height;
    // The picture is read by its sides, whatever the record holds.
    const std::uint64_t bytes = static_cast<std::uint64_t>(info.width) * static_cast<std::uint64_t>(info.height) * 3;
    if (!set.read(local, scene.image.rgb) || scene.image.rgb.size() != bytes) throw_unreadable(s, info);
    scene.objects = to_objects(set.boxes(local), set.geometry(local), info.width, info.height);
    return scene;
}

PlainPictures::PlainPictures(std::vector<PlainSet> sets, std::string source_digest)
    : sets_(std::move(sets)), source_digest_(std::move(source_digest)) {
    for (const shard::SplitEntry& split : sets_.at(0).index.splits) splits_.push_back(split.name);
}

std::uint64_t PlainPictures::records(const std::string& split) const {
    std::uint64_t records = 0;
    for (const PlainSet& set : sets_)
        for (const shard::SplitEntry& entry : set.index.splits) records += entry.name == split ? entry.records : 0;
    return records;
}

std::uint64_t PlainPictures::bytes(const std::string& split) const {
    std::uint64_t bytes = 0;
    for (const PlainSet& set : sets_)
        for (const shard::ShardEntry& shard : set.index.shards) bytes += shard.split == split ? shard.bytes : 0;
    return bytes;
}

std::string PlainPictures::digest() const {
    std::string all;
    for (const PlainSet& set : sets_) all += set.index.digest;
    return all;
}

void PlainPictures::check_unchanged() const {
    for (const PlainSet& set : sets_) set.check_unchanged();
}

}  // namespace yolodata::pack
