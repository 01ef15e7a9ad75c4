// SPDX-License-Identifier: Apache-2.0
#include "pack/pipeline.hpp"

#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <utility>
#include <vector>

#include "verify/memory_gate.hpp"

namespace yolodata::pack {

namespace {

/// What passes through the pipeline: one image, first its place, then its record.
struct Item {
    Place place;
    Prepared prepared;
    FileRecord image, label;
};

/// One pair examined. What a large file took of the gate is given back in any case: where an exception ended
/// a pair with its share kept, the other threads would wait for ever.
class ExaminedPair {
   public:
    ExaminedPair(Examiner& examiner, const ImageRef& image) : examiner_(examiner) {
        try {
            examiner_.examine(image, examined_);
        } catch (...) {
            examiner_.release(examined_);
            throw;
        }
    }
    ~ExaminedPair() { examiner_.release(examined_); }
    ExaminedPair(const ExaminedPair&) = delete;
    ExaminedPair& operator=(const ExaminedPair&) = delete;
    Examined& operator*() { return examined_; }

   private:
    Examiner& examiner_;
    Examined examined_;
};

class Pipeline {
   public:
    Pipeline(const Dataset& dataset, const std::vector<Split>& splits, const std::vector<Place>& places,
             const PackPlan& options, const PackProgress& progress, Progress& at, shard::SetWriter& writer)
        : dataset_(dataset), splits_(splits), places_(places), options_(options), progress_(progress), at_(at), writer_(writer),
          names_(dataset), small_(options.max_memory / 8 / static_cast<std::uint64_t>(options.jobs)),
          budget_(options.max_memory / 8 * 7 - std::min(options.max_memory / 2, tokens() * record_bytes())),
          gate_(options.max_memory / 2), items_(tokens()),
          examiners_([this] { return Examiner(dataset_, examine_options(), &gate_); }),
          found_bad_(!writer.index().left_out.empty()), seen_(at.done), next_(at.done), split_(writer.index().splits.size()) {}

    PipelineResult run() {
        using tbb::filter_mode;
        tbb::task_arena arena(options_.jobs);
        arena.execute([&] {
            tbb::parallel_pipeline(
                tokens(),
                tbb::make_filter<void, Item*>(filter_mode::serial_in_order,
                                                [&](tbb::flow_control& control) { return next(control); }) &
                    tbb::make_filter<Item*, Item*>(filter_mode::parallel, [&](Item* item) { return work(item); }) &
                    tbb::make_filter<Item*, void>(filter_mode::serial_in_order, [&](Item* item) {
                                                       write(*item);
                                                       *item = {};
                                                   }));
        });
        // Splits without an image stand in the index too.
        if (!stopped_) begin_splits_until(splits_.size());
        result_.stopped = stopped_;
        result_.found_bad = found_bad_;
        return std::move(result_);
    }

   private:
    ExamineOptions examine_options() const {
        ExamineOptions examine;
        examine.max_pixels = options_.set.max_pixels;
        examine.imgsz = options_.set.imgsz;
        examine.long_side = decoded_long_side(options_.set);
        // Of which split a picture is, is not told: the few that are taken as they are get their pixels in vain.
        examine.wants_pixels = [this, set = stored_as({}, options_)](int width, int height, int orientation) {
            return pack::wants_pixels(width, height, orientation, set, small_);
        };
        return examine;
    }
    std::uint64_t record_bytes() const {
        return static_cast<std::uint64_t>(options_.set.imgsz) * static_cast<std::uint64_t>(options_.set.imgsz) * 3;
    }
    /// Finished records wait for their turn to be written: half of the budget may be spent on that.
    std::size_t tokens() const {
        const auto jobs = static_cast<std::uint64_t>(options_.jobs);
        return static_cast<std::size_t>(std::clamp(options_.max_memory / 2 / record_bytes(), jobs, 4 * jobs));
    }

    Item* next(tbb::flow_control& control) {
        if (next_ == places_.size() || stopped_) {
            control.stop();
            return nullptr;
        }
        Item& item = items_[next_ % items_.size()];
        item.place = places_[next_++];
        return &item;
    }

    Item* work(Item* item) {
        const ImageRef& image = dataset_.images[item->place.image];
        ExaminedPair pair(examiners_.local(), image);
        Examined& examined = *pair;
        item->image = examined.image;
        item->label = examined.label;
        if (options_.fail_on_bad && found_bad_ && examined.usable) return item;
        const shard::SetOptions set = stored_as(item->place, options_);
        item->prepared = prepare(std::move(examined), names_.name(image.path), set, budget_);
        if (item->prepared.left_out) found_bad_ = true;
        return item;
    }

    void write(Item& item) {
        if (stopped_) return;
        begin_splits_until(item.place.split + 1);
        const ImageRef& image = dataset_.images[item.place.image];
        if (item.image.hashed) result_.digests.emplace(image.path, item.image.digest);
        if (item.label.hashed) result_.digests.emplace(image.label_path, item.label.digest);
        if (item.prepared.left_out) {
            writer_.leave_out(std::move(*item.prepared.left_out));
        } else if (options_.fail_on_bad && found_bad_) {
            at_.has_gap = true;
        } else {
            writer_.add(item.prepared.record);
            at_.passed_through += item.prepared.passed_through ? 1 : 0;
        }
        ++seen_;
        if (!at_.has_gap) at_.done = seen_;
        if (progress_ && !progress_(seen_, places_.size())) stopped_ = true;
    }

    void begin_splits_until(std::size_t end) {
        for (; split_ < end; ++split_) writer_.begin_split(splits_[split_].name);
    }

    const Dataset& dataset_;
    const std::vector<Split>& splits_;
    const std::vector<Place>& places_;
    const PackPlan& options_;
    const PackProgress& progress_;
    Progress& at_;
    shard::SetWriter& writer_;
    const SourceNames names_;
    /// Bytes that each thread may take for a picture without asking: while it examines a pair it may come to wait for
    /// the gate, so it cannot hold anything of the budget then.
    const std::uint64_t small_;
    // A thread that holds a share of the gate may wait for the budget, never the other way round.
    MemoryBudget budget_;
    MemoryGate gate_;
    // What is under way, by turns: it leaves in the order in which it came. Owned here, since TBB forgets
    // its own tokens when an exception ends the pipeline.
    std::vector<Item> items_;
    tbb::enumerable_thread_specific<Examiner> examiners_;
    std::atomic<bool> found_bad_;
    std::atomic<bool> stopped_ = false;  ///< set by the last stage, read by the first, on other threads
    PipelineResult result_;
    std::uint64_t seen_;  ///< places that were written, left out or passed over
    std::size_t next_, split_;
};

}  // namespace

shard::SetOptions stored_as(const Place& place, const PackPlan& plan) {
    shard::SetOptions set = plan.set;
    if (plan.for_variants && !place.measures) set.codec = "raw";
    return set;
}

PipelineResult run_pipeline(const Dataset& dataset, const std::vector<Split>& splits, const std::vector<Place>& places,
                            const PackPlan& options, const PackProgress& progress, Progress& at,
                            shard::SetWriter& writer) {
    return Pipeline(dataset, splits, places, options, progress, at, writer).run();
}

}  // namespace yolodata::pack
