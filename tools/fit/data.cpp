// SPDX-License-Identifier: Apache-2.0
#include "fit/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/progress.hpp"
#include "fit/reading.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolotrain/data/class_names.hpp"
#include "yolotrain/data/epoch_records.hpp"

namespace tools {

namespace fs = std::filesystem;
using yolodata::Error;
using yolodata::ErrorKind;

namespace {

void say(const FitOptions& options, const std::string& message) {
    if (!options.quiet) fmt::print(stderr, "yolotrain fit: {}\n", message);
}

/// A folder of its own for each dataset and picture size: its name, and a digest of where it lies.
std::string cache_folder(const std::string& data, int imgsz) {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    fs::path base;
    if (cache != nullptr && cache[0] == '/') {
        base = cache;
    } else if (home != nullptr && home[0] == '/') {
        base = fs::path(home) / ".cache";
    } else {
        throw Error(ErrorKind::not_found, "neither XDG_CACHE_HOME nor HOME is set; name a folder with --shards DIR");
    }
    std::error_code error;
    const fs::path whole = fs::weakly_canonical(data, error);
    const fs::path folder = fs::is_directory(whole, error) ? whole : whole.parent_path();
    const std::string text = whole.string();
    const std::string digest = yolodata::to_hex(yolodata::sha256(std::as_bytes(std::span(text)))).substr(0, 12);
    return (base / "yolodata" / fmt::format("{}-{}-{}", folder.filename().string(), imgsz, digest)).string();
}

void require_splits(const yolodata::Dataset& dataset, const FitOptions& options) {
    std::vector<std::string> invalid;
    for (const auto& finding : dataset.findings) {
        if (finding.rule == "dataset/config-invalid") invalid.push_back(finding.message);
        // A val split that is not named may be meant; one that is named and not there would measure nothing.
        const bool wanted = finding.split == "val" && options.val_data.empty();
        if (finding.rule == "dataset/split-missing" && wanted) {
            throw Error(ErrorKind::not_found, fmt::format("{}: {}; correct it, or leave val out to measure nothing",
                                                          options.data, finding.message));
        }
    }
    // Without names there is nothing to train on, and the findings say why.
    if ((!dataset.resolved || dataset.names.empty()) && !invalid.empty()) {
        throw Error(ErrorKind::corrupt, fmt::format("{}: {}", options.data, fmt::join(invalid, "; ")));
    }
    if (dataset.find_split("train") == nullptr) {
        throw Error(ErrorKind::not_found,
                    fmt::format("{} names no train split; yolodata verify says more", options.data));
    }
}

/// Packs the dataset unless its shards stand in `out` already.
void pack_dataset(const FitOptions& options, const std::string& out, const yolotrain::StopFlag& stop) {
    const yolodata::Dataset dataset = yolodata::open_dataset(options.data);
    require_splits(dataset, options);
    yolodata::pack::PackOptions pack;
    for (const char* split : {"train", "val"}) {
        if (dataset.find_split(split) != nullptr) pack.splits.emplace_back(split);
    }
    pack.set.imgsz = options.train.imgsz;
    pack.if_changed = true;
    pack.jobs = options.jobs;
    const bool was_there = yolodata::shard::is_shard_set(out);
    Progress progress("pack", "images", 0, options.quiet);
    const auto report = yolodata::pack::pack(dataset, out, pack, [&](std::uint64_t done, std::uint64_t) {
        progress.update(done);
        return !stop;
    });
    progress.finish();
    if (report.outcome == yolodata::pack::PackOutcome::stopped) throw StoppedBefore{stop.signal()};
    if (report.outcome == yolodata::pack::PackOutcome::up_to_date) {
        say(options, fmt::format("using the shards in {}: made of this data set with these options", out));
        return;
    }
    std::uint64_t records = 0;
    for (const auto& split : report.index.splits) records += split.records;
    say(options, fmt::format("{} {} images into {} ({:.1f} s){}", was_there ? "packed anew" : "packed", records, out,
                             report.seconds, was_there ? ": the shards there were of other data or options" : ""));
    if (!report.index.left_out.empty()) {
        say(options, fmt::format("{} images were left out, such as {}; index.json lists them, yolodata verify explains",
                                 report.index.left_out.size(),
                                 yolodata::printable(report.index.left_out.front().path)));
    }
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t most = 8;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i) shown.push_back(yolodata::printable(names[i]));
    return fmt::format("{} ({}{})", names.size(), fmt::join(shown, ", "), names.size() > most ? ", …" : "");
}

std::shared_ptr<const yolotrain::EvalSource> open_named_val(const FitOptions& options,
                                                            const std::vector<std::string>& names,
                                                            const yolotrain::StopFlag& stop) {
    std::vector<std::string> left_out;
    const auto progress = [&](std::size_t, std::size_t) {
        if (stop) throw StoppedBefore{stop.signal()};
    };
    std::shared_ptr<const yolotrain::EvalSource> val = yolotrain::open_eval_source(
        options.val_data, "val", options.train.workers, &left_out, progress, read_options(options));
    if (!val->names().empty() && val->names() != names) {
        throw UsageError{fmt::format("--val-data {} has other classes than the training data, {}: {}; name pictures "
                                     "with the same classes",
                                     options.val_data, listed(names), listed(val->names()))};
    }
    if (!left_out.empty()) {
        say(options, fmt::format("{} pictures of {} cannot be validated on, such as {}; yolodata verify explains",
                                 left_out.size(), options.val_data, yolodata::printable(left_out.front())));
    }
    return val;
}

/// What lies in a val split that measures nothing, or little, is said before hours are spent.
std::shared_ptr<const yolotrain::EvalSource> checked_val(const FitOptions& options, const std::string& folder,
                                                         std::shared_ptr<const yolotrain::EvalSource> val) {
    const bool named = !options.val_data.empty();
    const std::string whose = fmt::format("the val split of {}", named ? options.val_data : folder);
    if (val->size() == 0) {
        if (named) throw Error(ErrorKind::not_found, whose + " holds no picture: nothing can be measured on it");
        say(options, whose + " holds no picture: nothing will be measured");
        return nullptr;
    }
    if (val->boxes() == 0) say(options, whose + " has no box: every mAP will be 0");
    return val;
}

std::shared_ptr<const yolotrain::EvalSource> open_val(const FitOptions& options, const std::string& folder,
                                                      const std::vector<std::string>& names,
                                                      const yolotrain::StopFlag& stop) {
    if (!options.val_data.empty()) return checked_val(options, folder, open_named_val(options, names, stop));
    const auto splits = yolodata::shard::list_splits(folder);
    if (std::find(splits.begin(), splits.end(), "val") == splits.end()) {
        say(options, fmt::format("{} has no val split: nothing will be measured", folder));
        return nullptr;
    }
    return checked_val(options, folder, yolotrain::open_shard_source(folder, "val", read_options(options)));
}

/// What an epoch of a set of variants is, and which options have no meaning then.
void tell_variants(const FitOptions& options, const std::string& folder, const yolodata::shard::ShardSet& train) {
    const yolotrain::EpochRecords records(train);
    if (records.variants() == 0) return;
    say(options, fmt::format("{} holds each of {} pictures {} times, augmented: an epoch shows one variant of each, "
                             "as it was packed; close_mosaic and the options of augmentation have no effect",
                             folder, records.size(), records.variants()));
}

}  // namespace

yolotrain::TrainData open_data(const FitOptions& options, const yolotrain::StopFlag& stop) {
    std::string folder = options.data;
    if (!yolodata::shard::is_shard_set(folder)) {
        folder = options.shards.empty() ? cache_folder(options.data, options.train.imgsz) : options.shards;
        pack_dataset(options, folder, stop);
    }
    yolotrain::TrainData data;
    data.train = std::make_shared<const yolodata::shard::ShardSet>(folder, "train", read_options(options));
    if (data.train->size() == 0) {
        throw Error(ErrorKind::not_found,
                    fmt::format("the train split of {} holds no picture: nothing to learn from", folder));
    }
    for (const auto& split : data.train->index().splits) {
        if (split.name != "train" || split.rows > 0) continue;
        say(options, fmt::format("the train split of {} has no box: all there is to learn is background", folder));
    }
    tell_variants(options, folder, *data.train);
    // What is wrong with either is said now, not when a run folder is there.
    data.val = open_val(options, folder, yolotrain::class_names(*data.train), stop);
    return data;
}

}  // namespace tools
