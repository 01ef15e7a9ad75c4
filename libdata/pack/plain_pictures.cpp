// SPDX-License-Identifier: Apache-2.0
#include "pack/plain_pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "yolodata/core/error.hpp"

namespace yolodata::pack {

PlainSplit::PlainSplit(const std::vector<std::string>& folders, const std::string& split) : first_{0} {
    shard::ReadOptions options;
    options.mapped_bytes /= folders.size();  // all of them together map no more than one set would
    for (const std::string& folder : folders) {
        sets_.emplace_back(folder, split, options);
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

Scene PlainSplit::scene(std::uint64_t number) const {
    const shard::ShardSet& set = sets_[set_of(number)];
    const std::uint64_t local = number - first_[set_of(number)];
    const shard::RecordInfo info = set.info(local);
    Scene scene;
    scene.image.width = info.width;
    scene.image.height = info.height;
    // The picture is read by its sides, whatever the record holds.
    const std::uint64_t bytes = static_cast<std::uint64_t>(info.width) * static_cast<std::uint64_t>(info.height) * 3;
    if (!set.read(local, scene.image.rgb) || scene.image.rgb.size() != bytes)
        throw Error(ErrorKind::corrupt, fmt::format("{}: what was just written there cannot be read back; check the disk",
                                                    set.shard_path(info.shard)));
    scene.objects = to_objects(set.boxes(local), set.geometry(local), info.width, info.height);
    return scene;
}

PlainPictures::PlainPictures(std::vector<std::string> folders, std::string source_digest)
    : folders_(std::move(folders)), source_digest_(std::move(source_digest)) {
    for (const std::string& folder : folders_) indices_.push_back(shard::read_set_index(folder));
    for (const shard::SplitEntry& split : indices_.at(0).splits) splits_.push_back(split.name);
}

std::uint64_t PlainPictures::records(const std::string& split) const {
    std::uint64_t records = 0;
    for (const shard::SetIndex& index : indices_)
        for (const shard::SplitEntry& entry : index.splits) records += entry.name == split ? entry.records : 0;
    return records;
}

std::string PlainPictures::digest() const {
    std::string all;
    for (const shard::SetIndex& index : indices_) all += index.digest;
    return all;
}

}  // namespace yolodata::pack
