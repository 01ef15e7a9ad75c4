// SPDX-License-Identifier: Apache-2.0
#include "pack/packing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "pack/part_files.hpp"
#include "pack/parts.hpp"
#include "pack/plain_parts.hpp"
#include "pack/source_digest.hpp"
#include "pack/space.hpp"
#include "pack/variants.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::pack {

namespace {

std::uint64_t bytes_of(const shard::SetIndex& index) {
    std::uint64_t bytes = 0;
    for (const shard::ShardEntry& shard : index.shards) bytes += shard.bytes;
    return bytes;
}

void check_any_packed(const Dataset& dataset, const shard::SetIndex& index, std::size_t images) {
    if (std::all_of(index.splits.begin(), index.splits.end(), [](const shard::SplitEntry& s) { return s.records == 0; }))
        throw Error(ErrorKind::not_found,
                    fmt::format("{}: not one of its {} images can be packed; see yolodata verify", dataset.root, images));
}

std::vector<Place> own_places(const std::vector<Place>& all, const PackOptions& options) {
    const auto [begin, end] = part_range(all.size(), options.part, options.parts);
    return {all.begin() + static_cast<std::ptrdiff_t>(begin), all.begin() + static_cast<std::ptrdiff_t>(end)};
}

bool replaces(const PackOptions& options) { return options.overwrite || options.if_changed; }

}  // namespace

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

PackPlan plain_plan(const PackOptions& options, const std::vector<Split>& splits) {
    PackPlan plan{options, true};
    plan.set.variants = 0;
    plan.set.augment.clear();
    plan.set.seed = shard::SetOptions{}.seed;
    // Codec and quality are those of the splits that measure.
    const bool any = std::any_of(splits.begin(), splits.end(), [](const Split& s) { return measures(s.name); });
    if (!any || plan.set.codec == "raw") {
        plan.set.codec = "raw";
        plan.set.quality = shard::SetOptions{}.quality;
    }
    return plan;
}

std::vector<Place> places_of(const std::vector<Split>& splits) {
    std::vector<Place> places;
    for (std::size_t s = 0; s < splits.size(); ++s)
        for (const std::uint32_t image : splits[s].images) places.push_back({s, image, measures(splits[s].name)});
    return places;
}

bool is_whole(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out, const PackOptions& options,
              shard::SetIndex& index) {
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
            // Earlier versions made variants of every split.
            if (index.splits[i].variants != variants_of(splits[i].name, options.set)) return false;
            const shard::ShardSet whole(out, splits[i].name);  // headers and indices hold
        }
    } catch (const Error&) {
        return false;  // what cannot be opened is packed anew
    }
    return true;
}

bool is_up_to_date(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
                   const PackOptions& options, shard::SetIndex& index, const std::function<bool()>& go_on) {
    if (!is_whole(dataset, splits, out, options, index)) return false;
    if (options.parts == 1 || options.set.variants > 0) return index.source_digest == source_digest(dataset, {}, options.jobs, go_on);
    try {
        if (!belongs_to(read_part_manifest(out), index)) return false;
    } catch (const Error&) {
        return false;
    }
    const std::vector<Place> all = places_of(splits);
    const auto now = PartFiles(dataset, all, options.parts).manifest(options.part, {}, options.jobs, go_on);
    return now && belongs_to(*now, index);
}

Packing::Packing(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out,
                 const PackPlan& options, const PackProgress& progress, PackReport& report)
    : dataset_(dataset), splits_(splits), whole_out_(whole_out), out_(out_folder(whole_out, options.part, options.parts)),
      options_(options), progress_(progress), report_(report), all_places_(places_of(splits)),
      places_(own_places(all_places_, options)),
      staging_(out_, replaces(options) ? Old::replace : Old::refuse, options.resume ? Unfinished::keep : Unfinished::remove) {}

void Packing::run() {
    try {
        pack_and_publish();
    } catch (const OutOfResources&) {
        throw;
    } catch (const Error& e) {
        if (e.kind() != ErrorKind::resource) throw;
        if (written_ == 0) throw OutOfResources(fmt::format("{}; no shard was done, {} keeps what it held before", e.what(), out_));
        throw OutOfResources(fmt::format("{}; {} MiB of shards were done and {}, {} keeps what it held before", e.what(), written_ >> 20,
                                         options_.resume ? "wait for another --resume" : "are removed", out_));
    }
}

void Packing::pack_and_publish() {
    const auto index = options_.set.variants == 0 ? pack_plain(staging_.folder(), options_) : pack_variants();
    if (!index) return;
    report_.index = *index;
    staging_.publish(report_.index);
    report_.outcome = PackOutcome::published;
}

/// What an interrupted run left for these options, or a beginning.
JournalState Packing::begin(const Journal& journal, const PackPlan& options) {
    std::optional<JournalState> state;
    if (options.resume) state = journal.recover(out_);
    if (!state) return {index_frame(dataset_, options), 0, 0, false};
    report_.resumed = state->done;
    written_ = bytes_of(state->index);
    return *state;
}

shard::SetWriter::ShardFull Packing::writes(const Journal& journal, const Progress& at) {
    return [this, &journal, &at] {
        return [this, &journal, full = at](const shard::SetIndex& index) {
            written_ = bytes_of(index);
            if (!full.has_gap) journal.write({index, full.done, full.passed_through, false});
        };
    };
}

/// Writes every picture once. nullopt: the report says what ended it.
std::optional<shard::SetIndex> Packing::pack_plain(const std::string& folder, const PackPlan& options) {
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
std::string Packing::digest_of_source(const KnownDigests& known) const {
    if (options_.parts == 1) return source_digest(dataset_, known, options_.jobs);
    const Manifest manifest = *PartFiles(dataset_, all_places_, options_.parts).manifest(options_.part, known, options_.jobs);
    write_part_manifest(out_, manifest);
    return digest_of(manifest.files);
}

/// The variants are made from plain pictures, each packed once: so every image is read, checked and decoded once, and
/// partners cost a mapped read. Splits that measure stand among them as they will in the set: so what is wrong with an
/// image of any split shows first, and parts share them too.
std::optional<shard::SetIndex> Packing::pack_variants() {
    const std::optional<PlainPictures> plain = options_.parts == 1
                                                   ? make_plain()
                                                   : make_plain_parts(dataset_, splits_, whole_out_, options_, progress_, report_);
    if (!plain) return std::nullopt;
    report_.passed_through = 0;
    const Journal journal(staging_.folder(), fingerprint_of(dataset_, splits_, index_frame(dataset_, options_)) +
                                                 fmt::format("{} {}/{}", plain->digest(), options_.part, options_.parts));
    const JournalState state = begin(journal, options_);
    if (state.finished) return state.index;
    check_variant_space(dataset_, places_, remaining_after(state.done, *plain, options_), options_, staging_.free_bytes(), out_);
    Progress at{state.done, 0};
    shard::SetWriter writer(staging_.folder(), state.index, writes(journal, at));
    if (!write_variants(*plain, dataset_, options_, progress_, at, writer)) {
        report_.outcome = PackOutcome::stopped;
        return std::nullopt;
    }
    plain->check_unchanged();
    const shard::SetIndex index = writer.finish(plain->source_digest());
    journal.write({index, at.done, 0, true});
    return index;
}

/// In a folder beside the variants.
std::optional<PlainPictures> Packing::make_plain() {
    const std::string folder = staging_.folder() + "/plain";
    std::error_code error;
    std::filesystem::create_directory(folder, error);
    if (error) throw_errno("make the folder", folder, error.value());
    const auto plain = pack_plain(folder, plain_plan(options_, splits_));
    if (!plain) return std::nullopt;
    write_file_atomically(folder + "/" + shard::index_file, shard::to_json(*plain));
    return PlainPictures({{folder, shard::read_set_index(folder)}}, plain->source_digest);
}

}  // namespace yolodata::pack
