// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "buffer_pool.hpp"
#include "pending_batch.hpp"
#include "read_ahead.hpp"
#include "sample_maker.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolotrain {

using yolodata::Error;
using yolodata::ErrorKind;

namespace {

LoaderOptions checked(LoaderOptions options, const EpochRecords& records) {
    if (records.size() == 0) throw Error(ErrorKind::not_found, "the training split holds no record");
    if (options.imgsz < 1 || options.batch < 1 || options.workers < 0 || options.prefetch < 1) {
        throw Error(ErrorKind::invalid_argument, "imgsz, batch and prefetch must be at least 1, workers at least 0");
    }
    options.batch = static_cast<int>(std::min(static_cast<std::uint64_t>(options.batch), records.size()));
    return options;
}

/// With its share of labels and index, at least 1.
std::uint64_t mean_record_bytes(const yolodata::shard::ShardSet& shards) {
    std::uint64_t bytes = 0, records = 0;
    for (const auto& shard : shards.index().shards) {
        bytes += shard.bytes;
        records += shard.records;
    }
    return std::max<std::uint64_t>(bytes / std::max<std::uint64_t>(records, 1), 1);
}

}  // namespace

/// A window of consecutive steps is kept in the making: workers claim its samples in order, one by one, and
/// append steps until the window is full. The thread that asks helps with the step it waits for. Asking for
/// a step outside the window starts a new one there; samples of the old one are dropped as they end.
class TrainLoader::Impl {
   public:
    Impl(std::shared_ptr<const yolodata::shard::ShardSet> shards, std::shared_ptr<Quarantine> quarantine,
         const LoaderOptions& options)
        : Impl(shards, std::move(quarantine), options, EpochRecords(*shards)) {}

    Impl(std::shared_ptr<const yolodata::shard::ShardSet> shards, std::shared_ptr<Quarantine> quarantine,
         const LoaderOptions& options, const EpochRecords& records)
        : options_(checked(options, records)),
          maker_(shards, std::move(quarantine), options_, records),
          size_(static_cast<std::int64_t>(maker_.size())),
          steps_((size_ + options_.batch - 1) / options_.batch),
          pool_(static_cast<std::size_t>(options_.batch) * 3 * static_cast<std::size_t>(options_.imgsz) *
                static_cast<std::size_t>(options_.imgsz)) {
        start_workers();
        if (options_.workers > 0 && options_.read_ahead_bytes > 0) start_read_ahead(std::move(shards));
    }

    ~Impl() { stop(); }

    Batch batch(std::int64_t epoch, std::int64_t step) {
        if (epoch < 0 || step < 0 || step >= steps_) {
            throw Error(ErrorKind::invalid_argument,
                        fmt::format("there is no step {} in epoch {}: an epoch has {}", step, epoch, steps_));
        }
        std::shared_ptr<PendingBatch> pending;
        {
            std::unique_lock lock(mutex_);
            pending = open(epoch, step);
            finish(pending, lock);
            if (!window_.empty() && window_.front() == pending) window_.pop_front();
        }
        wake_workers_.notify_all();
        if (pending->error) std::rethrow_exception(pending->error);
        return pending->finish();
    }

    std::int64_t size() const { return size_; }
    std::int64_t steps() const { return steps_; }
    int batch_size() const { return options_.batch; }
    double waited_seconds() const { return waited_.count(); }
    std::uint64_t buffer_bytes() const { return pool_.total_bytes(); }

   private:
    void start_workers() {
        try {
            for (int i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
        } catch (const std::system_error& refused) {
            const std::size_t begun = workers_.size();
            stop();
            throw Error(ErrorKind::resource,
                        fmt::format("thread {} of the {} that make batches could not be started ({}); ask for fewer "
                                    "workers, or raise the limit of threads or memory",
                                    begun + 1, options_.workers, refused.code().message()));
        }
    }

    /// Only a hint: without its thread the workers wait for what they read.
    void start_read_ahead(std::shared_ptr<const yolodata::shard::ShardSet> shards) {
        try {
            read_ahead_.emplace(read_plan(std::move(shards)));
        } catch (const std::system_error&) {
            read_ahead_.reset();
        }
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stop_ = true;
        }
        wake_workers_.notify_all();
        for (auto& worker : workers_) worker.join();
        workers_.clear();
    }

    struct Claim {
        std::shared_ptr<PendingBatch> pending;
        int index;
    };

    /// The next sample of a step that is not claimed. Mutex held.
    Claim claim_of(const std::shared_ptr<PendingBatch>& pending) {
        const Claim claim{pending, pending->claimed++};
        if (read_ahead_) read_ahead_->reached(pending->epoch, position_of(claim));
        return claim;
    }

    std::uint64_t position_of(const Claim& claim) const {
        return static_cast<std::uint64_t>(claim.pending->step * options_.batch + claim.index);
    }

    /// Fetches what follows the samples in the making, and where partners come from anyway.
    ReadAhead::Plan read_plan(std::shared_ptr<const yolodata::shard::ShardSet> shards) const {
        ReadAhead::Plan plan;
        plan.n = maker_.size();
        plan.before = maker_.window();
        const auto batch = static_cast<std::uint64_t>(options_.batch);
        plan.ahead = std::clamp(options_.read_ahead_bytes / mean_record_bytes(*shards), batch, 8 * batch);
        plan.epochs = options_.epochs;
        plan.record_at = [this](std::int64_t epoch, std::uint64_t at) { return maker_.record_at(epoch, at); };
        plan.near = std::min(plan.ahead, 2 * batch);
        plan.ask = [shards](std::uint64_t record) { shards->prefetch(record, 1, /*wait=*/false); };
        plan.fetch = [shards](std::uint64_t record) { shards->prefetch(record, 1); };
        if (options_.drop_behind) plan.drop = [shards](std::uint64_t record) { shards->drop(record); };
        return plan;
    }

    /// The step's entry at the front of the window; a new window if it is not there. Mutex held.
    std::shared_ptr<PendingBatch> open(std::int64_t epoch, std::int64_t step) {
        if (window_.empty() || !window_.front()->is(epoch, step)) {
            window_.clear();
            next_ = {epoch, step};
            append();
            wake_workers_.notify_all();
        }
        return window_.front();
    }

    void append() {
        const auto [epoch, step] = next_;
        const std::int64_t first = step * options_.batch;
        const int count = static_cast<int>(std::min<std::int64_t>(options_.batch, size_ - first));
        window_.push_back(std::make_shared<PendingBatch>(epoch, step, count, options_.imgsz, pool_.take()));
        next_ = step + 1 < steps_ ? std::pair{epoch, step + 1} : std::pair{epoch + 1, std::int64_t{0}};
    }

    /// Makes samples of this step until all are claimed, then waits for those of the workers.
    void finish(const std::shared_ptr<PendingBatch>& pending, std::unique_lock<std::mutex>& lock) {
        const auto start = std::chrono::steady_clock::now();
        while (pending->claimed < pending->size && !pending->error) {
            make(claim_of(pending), lock);
        }
        batch_ready_.wait(lock, [&] { return pending->made == pending->claimed; });
        waited_ += std::chrono::steady_clock::now() - start;
    }

    /// The mutex is released while the sample is made.
    void make(const Claim& claim, std::unique_lock<std::mutex>& lock) {
        lock.unlock();
        std::exception_ptr error;
        try {
            const MadeSample made = maker_.make(claim.pending->epoch, position_of(claim),
                                                claim.pending->planes(claim.index));
            claim.pending->store(claim.index, made.boxes, made.record);
        } catch (...) {
            error = std::current_exception();
        }
        lock.lock();
        if (error && !claim.pending->error) claim.pending->error = error;
        if (++claim.pending->made == claim.pending->claimed) batch_ready_.notify_all();
    }

    /// The next sample to make, or nothing while the window is full. Mutex held.
    std::optional<Claim> claim() {
        for (const auto& pending : window_) {
            if (pending->claimed < pending->size && !pending->error) return claim_of(pending);
        }
        const bool full = window_.size() >= static_cast<std::size_t>(options_.prefetch);
        const bool over = options_.epochs >= 0 && next_.first >= options_.epochs;
        if (!started() || full || over) return std::nullopt;
        append();
        return claim_of(window_.back());
    }

    /// No step was asked for yet: there is nothing to guess from.
    bool started() const { return next_.first >= 0; }

    void work() {
        std::unique_lock lock(mutex_);
        while (!stop_) {
            if (auto next = claim()) {
                make(*next, lock);
            } else {
                wake_workers_.wait(lock);
            }
        }
    }

    const LoaderOptions options_;
    const SampleMaker maker_;
    const std::int64_t size_, steps_;
    BufferPool pool_;
    std::optional<ReadAhead> read_ahead_;  ///< ends before the maker that it asks

    std::mutex mutex_;  ///< guards all below but waited_, which belongs to the asking thread
    std::condition_variable wake_workers_, batch_ready_;
    std::deque<std::shared_ptr<PendingBatch>> window_;
    std::pair<std::int64_t, std::int64_t> next_{-1, 0};  ///< epoch and step that append() adds
    bool stop_ = false;
    std::chrono::duration<double> waited_{0};
    std::vector<std::thread> workers_;
};

TrainLoader::TrainLoader(std::shared_ptr<const yolodata::shard::ShardSet> shards,
                         std::shared_ptr<Quarantine> quarantine, const LoaderOptions& options)
    : impl_(std::make_unique<Impl>(std::move(shards), std::move(quarantine), options)) {}
TrainLoader::~TrainLoader() = default;

std::int64_t TrainLoader::size() const { return impl_->size(); }
std::int64_t TrainLoader::steps() const { return impl_->steps(); }
int TrainLoader::batch_size() const { return impl_->batch_size(); }
Batch TrainLoader::batch(std::int64_t epoch, std::int64_t step) { return impl_->batch(epoch, step); }
double TrainLoader::waited_seconds() const { return impl_->waited_seconds(); }
std::uint64_t TrainLoader::buffer_bytes() const { return impl_->buffer_bytes(); }

}  // namespace yolotrain
