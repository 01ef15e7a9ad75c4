// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolotrain/data/record.hpp"
#include "yolotrain/eval/eval_source.hpp"

namespace yolotrain {

namespace {

class ShardSource final : public EvalSource {
 public:
    ShardSource(const std::string& dir, const std::string& split,
                const yolodata::shard::ReadOptions& how)
        : shards_(dir, split, how), split_(split) {
        if (shards_.size() == 0 || first_variant() == 0) return;
        throw yolodata::Error(
            yolodata::ErrorKind::unsupported,
            fmt::format("the split {} of {} holds augmented pictures (packed with --variants {}): "
                        "what is measured on them says little. Give the data.yaml (to fit, as "
                        "--val-data), or pack the set again: val and test are packed as they are",
                        split, dir, shards_.variants()));
    }

    std::size_t size() const override { return static_cast<std::size_t>(shards_.size()); }
    std::pair<int, int> source_shape(std::size_t i) const override {
        try {
            const yolodata::shard::RecordInfo info = shards_.info(i);
            return {info.source_width, info.source_height};
        } catch (const yolodata::Error&) {
            return {1,
                    1};  // damaged: load() will leave it out, its place in a batch does not matter
        }
    }
    bool load(std::size_t i, int imgsz, yolodata::Sample& out) const override {
        try {
            out = load_record(shards_, i, imgsz);
            return true;
        } catch (const RecordUnusable&) {
            return false;
        } catch (const yolodata::Error& error) {
            if (error.kind() == yolodata::ErrorKind::corrupt)
                return false;  // its label entry is damaged
            throw;
        }
    }
    std::string name(std::size_t i) const override {
        try {
            return shards_.info(i).source;
        } catch (const yolodata::Error&) {
            return "record " + std::to_string(i);
        }
    }
    const std::vector<std::string>& names() const override { return shards_.names(); }
    int imgsz() const override { return shards_.imgsz(); }
    std::uint64_t boxes() const override {
        std::uint64_t rows = 0;
        for (const auto& shard : shards_.index().shards) {
            if (shard.split == split_) rows += shard.rows;
        }
        return rows;
    }
    /// Of this split alone: a set may hold others.
    std::string digest() const override {
        std::vector<yolodata::shard::ShardEntry> own;
        for (const auto& shard : shards_.index().shards) {
            if (shard.split == split_) own.push_back(shard);
        }
        return yolodata::shard::set_digest(own);
    }

 private:
    std::uint32_t first_variant() const {
        if (shards_.variants() == 0) return 0;
        try {
            return shards_.info(0).variant;
        } catch (const yolodata::Error&) {
            return 1;  // damaged: what the set says of all of them holds
        }
    }

    yolodata::shard::ShardSet shards_;
    std::string split_;
};

}  // namespace

std::unique_ptr<EvalSource> open_shard_source(const std::string& dir, const std::string& split,
                                              const yolodata::shard::ReadOptions& how) {
    return std::make_unique<ShardSource>(dir, split, how);
}

std::unique_ptr<EvalSource> open_eval_source(
    const std::string& path, const std::string& split, int workers,
    std::vector<std::string>* left_out,
    const std::function<void(std::size_t, std::size_t)>& progress,
    const yolodata::shard::ReadOptions& how) {
    if (yolodata::shard::is_shard_set(path)) return open_shard_source(path, split, how);
    return open_dataset_source(path, split, workers, left_out, progress);
}

}  // namespace yolotrain
