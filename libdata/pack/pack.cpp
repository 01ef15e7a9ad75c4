// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/pack.hpp"

#include <fmt/format.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "pack/codec_costs.hpp"
#include "pack/journal.hpp"
#include "pack/packing.hpp"
#include "pack/part_codec.hpp"
#include "pack/parts.hpp"
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
    if (set.decode != "exact" && set.decode != "fast") refuse(fmt::format("decode {} is neither exact nor fast", set.decode));
    if (set.quality < 1 || set.quality > 100) refuse(fmt::format("quality {} is not within 1…100", set.quality));
    if (set.variants < 0 || set.variants > max_variants) refuse(fmt::format("variants {} is not within 0…{}", set.variants, max_variants));
    if (options.jobs < 1) refuse("jobs must be at least 1");
    if (options.parts < 1 || options.part < 1 || options.part > options.parts)
        refuse(fmt::format("part {}/{} is none", options.part, options.parts));
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

void check_variants(const Dataset& dataset, const std::vector<Split>& splits, const PackOptions& options) {
    if (options.set.variants == 0 || splits.empty()) return;
    std::string names;
    for (const Split& split : splits) {
        if (!measures(split.name)) return;
        names += (names.empty() ? "" : ", ") + split.name;
    }
    throw Error(ErrorKind::invalid_argument,
                fmt::format("{}: no variants are made of {}: val and test are packed as they are, to be measured on; "
                            "pack train beside them, or leave out --variants",
                            dataset.root, names));
}

/// A dataset that could not be resolved says so by an error finding of its configuration.
void check_dataset(const Dataset& dataset) {
    if (dataset.resolved) return;
    for (const Finding& finding : dataset.findings)
        if (finding.severity == Severity::error)
            throw Error(ErrorKind::corrupt, fmt::format("{}: {}", dataset.absolute(finding.path), finding.message));
    throw Error(ErrorKind::corrupt, dataset.root + ": is no dataset");
}

/// Codec auto: a set that is to be kept or gone on with has its codec already; so has a part whose fellows chose.
std::string resolve_codec(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out,
                          const PackOptions& options, PackReport& report) {
    if (options.set.codec != "auto") return options.set.codec;
    const std::string out = out_folder(whole_out, options.part, options.parts);
    if (options.parts > 1)
        if (const auto codec = agreed_codec(whole_out, options.parts, options.set)) return *codec;
    if (options.resume || options.if_changed) {
        try {
            if (shard::is_shard_set(out)) return shard::read_set_index(out).options.codec;
        } catch (const Error&) {  // is packed anew
        }
    }
    if (options.resume) {
        if (const auto codec = Journal::codec_in(out + "/.pack-tmp")) return *codec;
        // Before the first shard of variants the plain pictures know it, where some are stored as in the set.
        const bool some_measure = std::any_of(splits.begin(), splits.end(), [](const Split& s) { return measures(s.name); });
        if (options.set.variants > 0 && some_measure)
            if (const auto codec = Journal::codec_in(out + "/.pack-tmp/plain")) return *codec;
    }
    report.codec_choice = choose_codec(measure_codec_costs(dataset, places_of(splits), options, out));
    if (options.parts == 1) return report.codec_choice->codec;
    const std::string agreed = agree_on_codec(whole_out, options.parts, options.set, report.codec_choice->codec);
    if (agreed != report.codec_choice->codec) report.codec_choice.reset();  // another part was first
    return agreed;
}

}  // namespace

bool measures(std::string_view split) { return split == "val" || split == "test"; }

int variants_of(std::string_view split, const shard::SetOptions& set) { return measures(split) ? 0 : set.variants; }

PackReport pack(const Dataset& dataset, const std::string& whole_out, const PackOptions& asked, const PackProgress& progress) {
    const auto start = std::chrono::steady_clock::now();
    check_options(asked);
    PackPlan options{asked};
    options.set.augment = options.set.variants == 0 ? std::string() : to_json(options.augment);
    // More threads than CPUs are allowed; without this TBB says on stderr that it ignores the wish.
    const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options.jobs));
    check_dataset(dataset);
    Dataset with_task = dataset;
    infer_task(with_task, options.jobs);
    check_flip_idx(with_task, options.augment);
    const std::vector<Split> splits = chosen_splits(with_task, options.splits);
    check_variants(with_task, splits, options);
    const std::string out = out_folder(whole_out, options.part, options.parts);
    PackReport report;
    report.mirrored_never = with_task.task == Task::pose && options.set.variants > 0 && options.augment.flip_idx.empty();
    options.set.codec = resolve_codec(with_task, splits, whole_out, options, report);
    bool stopped = false;
    const auto go_on = [&] { return !(stopped = stopped || (progress && !progress(0, 0))); };
    if ((options.if_changed || options.resume) && is_up_to_date(with_task, splits, out, options, report.index, go_on)) {
        report.outcome = PackOutcome::up_to_date;
        // A run that was killed when the set stood already may have left its staging folder.
        if (std::filesystem::exists(out + "/.pack-tmp")) shard::Staging(out, shard::Staging::Old::replace);
    } else if (stopped) {
        report.outcome = PackOutcome::stopped;
    } else {
        Packing(with_task, splits, whole_out, options, progress, report).run();
    }
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

}  // namespace yolodata::pack
