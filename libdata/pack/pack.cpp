// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/pack.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>
#include <utility>

#include "pack/codec_costs.hpp"
#include "pack/journal.hpp"
#include "pack/parts.hpp"
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
    if (set.codec != "raw" && set.codec != "jpeg" && set.codec != "auto")
        refuse(fmt::format("codec {} is neither raw nor jpeg nor auto", set.codec));
    if (set.codec == "auto" && options.parts > 1) refuse("codec auto could choose differently for each part; name raw or jpeg");
    if (set.quality < 1 || set.quality > 100) refuse(fmt::format("quality {} is not within 1…100", set.quality));
    if (set.variants < 0 || set.variants > max_variants) refuse(fmt::format("variants {} is not within 0…{}", set.variants, max_variants));
    if (options.jobs < 1) refuse("jobs must be at least 1");
    if (options.parts < 1 || options.part < 1 || options.part > options.parts)
        refuse(fmt::format("part {}/{} is none", options.part, options.parts));
    // A variant's partners come from the whole split, so its part would have to decode everything.
    if (options.parts > 1 && set.variants > 0) refuse("variants cannot be packed in parts; pack the parts without, or all in one");
}

void check_flip_idx(const Dataset& dataset, const VariantOptions& augment) {
    const std::vector<int>& indices = augment.flip_idx;
    if (indices.empty()) return;
    const auto refuse = [](const std::string& why) { throw Error(ErrorKind::invalid_argument, why); };
    const std::size_t points = dataset.task == Task::pose ? dataset.keypoints.points : 0;
    if (indices.size() != points)
        refuse(fmt::format("flip_idx lists {} key points, the dataset {} has {}", indices.size(), dataset.root, points));
    std::vector<int> each(indices.size());
    std::iota(each.begin(), each.end(), 0);
    if (!std::is_permutation(indices.begin(), indices.end(), each.begin()))
        refuse(fmt::format("flip_idx must list each key point once, by its number from 0 to {}", points - 1));
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
        if (shard::lacks_records(index) || (options.fail_on_bad && !index.left_out.empty())) return false;
        for (std::size_t i = 0; i < splits.size(); ++i) {
            if (index.splits[i].name != splits[i].name) return false;
            const shard::ShardSet whole(out, splits[i].name);  // headers and indices hold
        }
    } catch (const Error&) {
        return false;  // what cannot be opened is packed anew
    }
    if (options.parts > 1)
        return index.source_digest == digest_of(part_manifest(dataset, places_of(splits), options.part, options.parts, {}, options.jobs).files);
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

/// Codec auto: a set that is to be kept or gone on with has its codec already.
std::string resolve_codec(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
                          const PackOptions& options, PackReport& report) {
    if (options.set.codec != "auto") return options.set.codec;
    if (options.resume || options.if_changed) {
        try {
            if (shard::is_shard_set(out)) return shard::read_set_index(out).options.codec;
        } catch (const Error&) {  // is packed anew
        }
    }
    if (options.resume)
        if (const auto codec = Journal::codec_in(out + "/.pack-tmp")) return *codec;
    report.codec_choice = choose_codec(measure_codec_costs(dataset, places_of(splits), options, out));
    return report.codec_choice->codec;
}

std::vector<Place> own_places(const std::vector<Place>& all, const PackOptions& options) {
    const auto [begin, end] = part_range(all.size(), options.part, options.parts);
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

/// One packing from dataset to published set, or on from where an earlier one was interrupted.
class Packing {
   public:
    Packing(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out, const PackOptions& options,
            const PackProgress& progress, PackReport& report)
        : dataset_(dataset), splits_(splits), out_(out), options_(options), progress_(progress), report_(report),
          all_places_(places_of(splits)), places_(own_places(all_places_, options)), staging_(out, replaces(options) ? Old::replace : Old::refuse,
                                               options.resume ? Unfinished::keep : Unfinished::remove) {}

    void run() {
        try {
            const auto index = options_.set.variants == 0 ? pack_plain(staging_.folder(), options_) : pack_variants();
            if (!index) return;
            report_.index = *index;
            staging_.publish(report_.index);
            report_.outcome = PackOutcome::published;
        } catch (const Error& e) {
            if (e.kind() != ErrorKind::resource) throw;
            throw Error(ErrorKind::resource,
                        fmt::format("{}; {} MiB of shards were done and {}, {} keeps what it held before", e.what(), written_ >> 20,
                                    options_.resume ? "wait for another --resume" : "are removed", out_));
        }
    }

   private:
    using Old = shard::Staging::Old;
    using Unfinished = shard::Staging::Unfinished;
    static bool replaces(const PackOptions& options) { return options.overwrite || options.if_changed; }

    /// What an interrupted run left for these options, or a beginning.
    JournalState begin(const Journal& journal, const PackOptions& options) {
        std::optional<JournalState> state;
        if (options.resume) state = journal.recover(out_);
        if (!state) return {index_frame(dataset_, options), 0, 0, false};
        report_.resumed = state->done;
        written_ = written_bytes(state->index);
        return *state;
    }

    shard::SetWriter::ShardClosed writes(const Journal& journal, const Progress& at) {
        return [this, &journal, &at](const shard::SetIndex& index) {
            written_ = written_bytes(index);
            if (!at.has_gap) journal.write({index, at.done, at.passed_through, false});
        };
    }

    /// Writes every picture once. nullopt: the report says what ended it.
    std::optional<shard::SetIndex> pack_plain(const std::string& folder, const PackOptions& options) {
        const Journal journal(folder, fingerprint_of(dataset_, splits_, index_frame(dataset_, options)) +
                                          fmt::format(" {}/{}", options.part, options.parts));
        const JournalState state = begin(journal, options);
        if (state.finished) {
            if (options.fail_on_bad && !state.index.left_out.empty()) {
                report_.index = state.index;
                report_.outcome = PackOutcome::bad_images;
                return std::nullopt;
            }
            if (options.parts > 1) digest_of_source({});
            return state.index;
        }
        check_space(dataset_, {places_.begin() + static_cast<std::ptrdiff_t>(state.done), places_.end()}, options_,
                    staging_.free_bytes(), out_);
        Progress at{state.done, state.passed_through};
        shard::SetWriter writer(folder, state.index, writes(journal, at));
        const PipelineResult result = run_pipeline(dataset_, splits_, places_, options, progress_, at, writer);
        report_.passed_through = at.passed_through;
        report_.index = writer.index();
        if (result.stopped || (options.fail_on_bad && result.found_bad)) {
            report_.outcome = result.stopped ? PackOutcome::stopped : PackOutcome::bad_images;
            return std::nullopt;
        }
        if (options.parts == 1) check_any_packed(dataset_, writer.index(), places_.size());
        const shard::SetIndex index = writer.finish(digest_of_source(result.digests));
        journal.write({index, at.done, at.passed_through, true});
        return index;
    }

    /// Of the dataset; of a part: of its own files, which stand in a manifest beside its set then.
    std::string digest_of_source(const KnownDigests& known) const {
        if (options_.parts == 1) return source_digest(dataset_, known, options_.jobs);
        const Manifest manifest = part_manifest(dataset_, all_places_, options_.part, options_.parts, known, options_.jobs);
        write_part_manifest(out_, manifest);
        return digest_of(manifest.files);
    }

    /// Each picture once, as it is, into a folder beside; the variants are made from there. So every image is read,
    /// checked and decoded once, and partners cost a mapped read.
    std::optional<shard::SetIndex> pack_variants() {
        const std::string plain_folder = staging_.folder() + "/plain";
        std::filesystem::create_directory(plain_folder);
        PackOptions plain_options = options_;
        plain_options.set.codec = "raw";
        plain_options.set.variants = 0;
        plain_options.set.augment.clear();
        const auto plain = pack_plain(plain_folder, plain_options);
        if (!plain) return std::nullopt;
        write_file_atomically(plain_folder + "/" + shard::index_file, shard::to_json(*plain));
        report_.passed_through = 0;

        const Journal journal(staging_.folder(), fingerprint_of(dataset_, splits_, index_frame(dataset_, options_)) + plain->digest);
        const JournalState state = begin(journal, options_);
        if (state.finished) return state.index;
        Progress at{state.done, 0};
        shard::SetWriter writer(staging_.folder(), state.index, writes(journal, at));
        if (!write_variants(plain_folder, dataset_, options_, progress_, at, writer)) {
            report_.outcome = PackOutcome::stopped;
            return std::nullopt;
        }
        const shard::SetIndex index = writer.finish(plain->source_digest);
        journal.write({index, at.done, 0, true});
        return index;
    }

    const Dataset& dataset_;
    const std::vector<Split>& splits_;
    const std::string& out_;
    const PackOptions& options_;
    const PackProgress& progress_;
    PackReport& report_;
    const std::vector<Place> all_places_;  ///< of every part
    const std::vector<Place> places_;
    shard::Staging staging_;
    std::uint64_t written_ = 0;  ///< bytes of closed shards
};

}  // namespace

PackReport pack(const Dataset& dataset, const std::string& whole_out, const PackOptions& asked, const PackProgress& progress) {
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
    const std::string out = options.parts == 1 ? whole_out : part_folder(whole_out, options.part, options.parts);
    PackReport report;
    report.mirrored_never = with_task.task == Task::pose && options.set.variants > 0 && options.augment.flip_idx.empty();
    options.set.codec = resolve_codec(with_task, splits, out, options, report);
    if ((options.if_changed || options.resume) && is_up_to_date(with_task, splits, out, options, report.index)) {
        report.outcome = PackOutcome::up_to_date;
        // A run that was killed when the set stood already may have left its staging folder.
        if (std::filesystem::exists(out + "/.pack-tmp")) shard::Staging(out, shard::Staging::Old::replace);
    } else {
        Packing(with_task, splits, out, options, progress, report).run();
    }
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace yolodata::pack
