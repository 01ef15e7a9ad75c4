// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/pack.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "pack/pipeline.hpp"
#include "pack/space.hpp"
#include "pack/variants.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/augment_options.hpp"
#include "yolodata/shard/reader.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/verify/verify.hpp"

namespace yolodata::pack {

namespace {

void check_options(const PackOptions& options) {
    const auto refuse = [](const std::string& why) { throw Error(ErrorKind::invalid_argument, why); };
    constexpr int max_imgsz = 16384, max_variants = 10'000;
    const shard::SetOptions& set = options.set;
    if (set.imgsz < 10 || set.imgsz > max_imgsz) refuse(fmt::format("imgsz {} is not within 10…{}", set.imgsz, max_imgsz));
    if (set.codec != "raw" && set.codec != "jpeg") refuse(fmt::format("codec {} is neither raw nor jpeg", set.codec));
    if (set.quality < 1 || set.quality > 100) refuse(fmt::format("quality {} is not within 1…100", set.quality));
    if (set.variants < 0 || set.variants > max_variants) refuse(fmt::format("variants {} is not within 0…{}", set.variants, max_variants));
    if (options.jobs < 1) refuse("jobs must be at least 1");
}

void check_flip_idx(const Dataset& dataset, const VariantOptions& augment) {
    if (augment.flip_idx.empty() || (dataset.task == Task::pose && augment.flip_idx.size() == dataset.keypoints.points)) return;
    throw Error(ErrorKind::invalid_argument, fmt::format("flip_idx lists {} key points, the dataset {} has {}", augment.flip_idx.size(),
                                                         dataset.root, dataset.task == Task::pose ? dataset.keypoints.points : 0));
}

std::vector<Split> chosen_splits(const Dataset& dataset, const std::vector<std::string>& names) {
    if (names.empty()) return dataset.splits;
    std::vector<Split> chosen;
    for (const Split& split : dataset.splits)
        if (std::find(names.begin(), names.end(), split.name) != names.end()) chosen.push_back(split);
    for (const std::string& name : names)
        if (dataset.find_split(name) == nullptr)
            throw Error(ErrorKind::invalid_argument, fmt::format("{}: the dataset has no split {}", dataset.root, name));
    return chosen;
}

/// A dataset that could not be resolved says so by an error finding of its configuration.
void check_dataset(const Dataset& dataset) {
    if (dataset.resolved) return;
    for (const Finding& finding : dataset.findings)
        if (finding.severity == Severity::error)
            throw Error(ErrorKind::corrupt, fmt::format("{}: {}", dataset.absolute(finding.path), finding.message));
    throw Error(ErrorKind::corrupt, dataset.root + ": is no dataset");
}

std::vector<Place> places_of(const std::vector<Split>& splits) {
    std::vector<Place> places;
    for (std::size_t s = 0; s < splits.size(); ++s)
        for (const std::uint32_t image : splits[s].images) places.push_back({s, image});
    return places;
}

shard::SetIndex index_frame(const Dataset& dataset, const PackOptions& options) {
    shard::SetIndex index;
    index.tool = std::string("yolodata ") + YOLO_VERSION;
    index.task = std::string(to_string(dataset.task));
    index.class_count = dataset.class_count;
    index.names = dataset.names;
    index.options = options.set;
    if (dataset.task == Task::pose) {
        index.geometry = "keypoints";
        index.keypoints = dataset.keypoints;
    } else if (dataset.task != Task::detect) {
        index.geometry = "polygons";
    }
    return index;
}

/// Whether OUT holds a whole set of this source and these options.
bool is_up_to_date(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
                   const PackOptions& options, shard::SetIndex& index) {
    if (!shard::is_shard_set(out)) return false;
    try {
        index = shard::read_set_index(out);
        const shard::SetIndex wanted = index_frame(dataset, options);
        if (index.task != wanted.task || index.class_count != wanted.class_count || index.names != wanted.names || index.geometry != wanted.geometry ||
            index.keypoints.points != wanted.keypoints.points || index.keypoints.dims != wanted.keypoints.dims ||
            !(index.options == wanted.options) || index.splits.size() != splits.size())
            return false;
        if (options.fail_on_bad && !index.left_out.empty()) return false;
        for (std::size_t i = 0; i < splits.size(); ++i) {
            if (index.splits[i].name != splits[i].name) return false;
            const shard::ShardSet whole(out, splits[i].name);  // headers and indices hold
        }
    } catch (const Error&) {
        return false;  // what cannot be opened is packed anew
    }
    return index.source_digest == source_digest(dataset, {}, options.jobs);
}

std::uint64_t written_bytes(const shard::SetIndex& index) {
    std::uint64_t bytes = 0;
    for (const shard::ShardEntry& shard : index.shards) bytes += shard.bytes;
    return bytes;
}

void check_any_packed(const Dataset& dataset, const shard::SetIndex& index, std::size_t images) {
    if (std::all_of(index.splits.begin(), index.splits.end(), [](const shard::SplitEntry& s) { return s.records == 0; }))
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: not one of its {} images can be packed; see yolodata verify", dataset.root, images));
}

/// Writes every picture once. nullopt: the report says what ended it.
std::optional<shard::SetIndex> pack_plain(const Dataset& dataset, const std::vector<Split>& splits,
                                          const std::vector<Place>& places, const PackOptions& options,
                                          const PackProgress& progress, shard::SetWriter& writer, PackReport& report) {
    const PipelineResult result = run_pipeline(dataset, splits, places, options, progress, writer);
    report.passed_through = result.passed_through;
    report.index = writer.index();
    if (result.stopped || (options.fail_on_bad && result.found_bad)) {
        report.outcome = result.stopped ? PackOutcome::stopped : PackOutcome::bad_images;
        return std::nullopt;
    }
    check_any_packed(dataset, writer.index(), places.size());
    return writer.finish(source_digest(dataset, result.digests, options.jobs));
}

/// Each picture once, as it is, into a folder beside; the variants are made from there. So every image is read,
/// checked and decoded once, and partners cost a mapped read.
std::optional<shard::SetIndex> pack_variants(const Dataset& dataset, const std::vector<Split>& splits,
                                             const std::vector<Place>& places, const PackOptions& options,
                                             const PackProgress& progress, const std::string& folder,
                                             shard::SetWriter& writer, PackReport& report) {
    const std::string plain_folder = folder + "/plain";
    std::filesystem::create_directory(plain_folder);
    PackOptions plain_options = options;
    plain_options.set.codec = "raw";
    plain_options.set.variants = 0;
    plain_options.set.augment.clear();
    shard::SetWriter plain_writer(plain_folder, index_frame(dataset, plain_options));
    const auto plain = pack_plain(dataset, splits, places, plain_options, progress, plain_writer, report);
    if (!plain) return std::nullopt;
    write_file_atomically(plain_folder + "/" + shard::index_file, shard::to_json(*plain));
    report.passed_through = 0;
    if (!write_variants(plain_folder, dataset, options, progress, writer)) {
        report.outcome = PackOutcome::stopped;
        return std::nullopt;
    }
    return writer.finish(plain->source_digest);
}

/// Packs into the staging folder and publishes; what is not published disappears with `staging`.
void pack_into(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
               const PackOptions& options, const PackProgress& progress, PackReport& report) {
    const auto replace = options.overwrite || options.if_changed ? shard::Staging::Old::replace : shard::Staging::Old::refuse;
    shard::Staging staging(out, replace);
    const std::vector<Place> places = places_of(splits);
    check_space(dataset, places, options, staging.free_bytes(), out);
    shard::SetWriter writer(staging.folder(), index_frame(dataset, options));
    try {
        const auto index = options.set.variants == 0
                               ? pack_plain(dataset, splits, places, options, progress, writer, report)
                               : pack_variants(dataset, splits, places, options, progress, staging.folder(), writer, report);
        if (!index) return;
        report.index = *index;
        staging.publish(report.index);
    } catch (const Error& e) {
        if (e.kind() != ErrorKind::resource) throw;
        throw Error(ErrorKind::resource, fmt::format("{}; {} MiB of shards were done and are removed, {} keeps what it held before",
                                                     e.what(), written_bytes(writer.index()) >> 20, out));
    }
    report.outcome = PackOutcome::published;
}

}  // namespace

PackReport pack(const Dataset& dataset, const std::string& out, const PackOptions& asked, const PackProgress& progress) {
    const auto start = std::chrono::steady_clock::now();
    check_options(asked);
    PackOptions options = asked;
    options.set.augment = options.set.variants == 0 ? std::string() : to_json(options.augment);
    // More threads than CPUs are allowed; without this TBB says on stderr that it ignores the wish.
    const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options.jobs));
    check_dataset(dataset);
    Dataset with_task = dataset;
    infer_task(with_task, options.jobs);
    check_flip_idx(with_task, options.augment);
    const std::vector<Split> splits = chosen_splits(with_task, options.splits);
    PackReport report;
    report.mirrored_never = with_task.task == Task::pose && options.set.variants > 0 && options.augment.flip_idx.empty();
    if (options.if_changed && is_up_to_date(with_task, splits, out, options, report.index))
        report.outcome = PackOutcome::up_to_date;
    else
        pack_into(with_task, splits, out, options, progress, report);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace yolodata::pack
