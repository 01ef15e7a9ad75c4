// SPDX-License-Identifier: Apache-2.0
#include "pack/plain_parts.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>
#include <utility>

#include "pack/journal.hpp"
#include "pack/packing.hpp"
#include "pack/parts.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/shard/staging.hpp"

namespace yolodata::pack {

namespace {

/// Beside a plain part's set: the fingerprint of the dataset that it was made from, and the set's digest.
constexpr const char* stamp_file = "/part.source";

/// Tells apart what was packed with other options or splits of other names.
std::string frame_name(const std::vector<Split>& splits, const shard::SetIndex& frame) {
    constexpr std::size_t bytes = 6;
    Sha256 hash;
    hash.update(shard::to_json(frame));
    for (const Split& split : splits) hash.update(split.name + "\n");
    const Sha256Digest digest = hash.finish();
    return to_hex(std::span(digest).first(bytes));
}

class PlainParts {
   public:
    PlainParts(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out, const PackOptions& options,
               const PackProgress& progress, PackReport& report)
        : dataset_(dataset), splits_(splits), options_(plain_plan(options, splits)), report_(report), own_(options.part), whole_out_(whole_out) {
        options_.resume = options_.overwrite = true;
        const shard::SetIndex frame = index_frame(dataset, options_);
        root_ = plain_root(whole_out, options.parts, frame_name(splits, frame));
        // Taken before anything is read: what changes from here on is hashed, or packed, again by the next one.
        fingerprint_ = fingerprint_of(dataset, splits, frame);
        std::uint64_t total = 0;
        for (const Split& split : splits) total += split.images.size();
        progress_ = [this, &progress, total](std::uint64_t done, std::uint64_t) {
            made_ = before_ + done;
            return go_on_ = go_on_ && (!progress || progress(made_, total));
        };
        digests_.resize(static_cast<std::size_t>(options.parts));
    }
    PlainParts(const PlainParts&) = delete;

    std::optional<PlainPictures> make() {
        std::vector<int> open;
        for (int i = 0; i < options_.parts; ++i) open.push_back((own_ - 1 + i) % options_.parts + 1);
        while (!open.empty()) {
            std::vector<int> busy;
            for (const int part : open) {
                try {
                    if (!make_one(part)) return std::nullopt;
                    before_ = made_;
                } catch (const shard::Occupied&) {
                    busy.push_back(part);
                }
            }
            open = std::move(busy);
            if (open.empty()) break;
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            if (!ask()) return report_.outcome = PackOutcome::stopped, std::nullopt;
        }
        return all_of_them();
    }

   private:
    bool ask() { return progress_(made_ - before_, 0); }

    /// false: the report says what ended it.
    bool make_one(int part) {
        options_.part = part;
        const std::string folder = part_folder(root_, part, options_.parts);
        PackReport report;
        if (!is_trusted(folder, report.index)) {
            Packing packing(dataset_, splits_, root_, options_, progress_, report);
            // It may have been finished before its lock was ours. Whoever else wants to know waits, and need not hash it.
            if (!is_trusted(folder, report.index)) {
                if (!is_up_to_date(dataset_, splits_, folder, options_, report.index, [this] { return ask(); })) {
                    if (go_on_) pack(packing, part);
                    else report.outcome = PackOutcome::stopped;
                }
                if (report.outcome != PackOutcome::published) {
                    report_.outcome = report.outcome;
                    report_.index = report.index;
                    return false;
                }
                write_file_atomically(folder + stamp_file, stamp_of(report.index));
            }
        }
        digests_[static_cast<std::size_t>(part - 1)] = report.index.digest;
        return true;
    }

    std::string stamp_of(const shard::SetIndex& index) const { return fmt::format("{} {}\n", fingerprint_, index.digest); }

    bool is_trusted(const std::string& folder, shard::SetIndex& index) const {
        if (!is_whole(dataset_, splits_, folder, options_, index)) return false;
        try {
            return read_text_file(folder + stamp_file) == stamp_of(index);
        } catch (const Error&) {  // none: it is hashed
            return false;
        }
    }

    void pack(Packing& packing, int part) const {
        try {
            packing.pack_and_publish();
        } catch (const Error& e) {
            if (e.kind() != ErrorKind::resource) throw;
            throw OutOfResources(fmt::format("{}; of the plain pictures of part {}/{}, {} MiB are done and wait in {} for the next run of any part; {} "
                                             "keeps what it held before",
                                             e.what(), part, options_.parts, packing.written_bytes() >> 20, root_, whole_out_));
        }
    }

    /// What stands there now must be what was made or checked here.
    PlainPictures all_of_them() const {
        const std::vector<Part> parts = read_parts(root_);
        std::vector<PlainSet> sets;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            if (parts[i].index.digest != digests_.at(i)) throw_changed(parts[i].folder);
            sets.push_back({parts[i].folder, parts[i].index});
        }
        return {std::move(sets), digest_of_parts(root_, parts)};
    }

    const Dataset& dataset_;
    const std::vector<Split>& splits_;
    PackPlan options_;
    PackReport& report_;
    const int own_;
    const std::string whole_out_;
    std::string root_, fingerprint_;
    PackProgress progress_;
    std::uint64_t before_ = 0, made_ = 0;  ///< pictures of the parts that this run made: of whole ones, and in all
    bool go_on_ = true;
    std::vector<std::string> digests_;  ///< of each part's set
};

}  // namespace

std::optional<PlainPictures> make_plain_parts(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out,
                                              const PackOptions& options, const PackProgress& progress, PackReport& report) {
    return PlainParts(dataset, splits, whole_out, options, progress, report).make();
}

}  // namespace yolodata::pack
