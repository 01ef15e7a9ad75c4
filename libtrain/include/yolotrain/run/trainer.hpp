// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "yolodata/shard/reader.hpp"
#include "yolotrain/data/loader.hpp"
#include "yolotrain/eval/validator.hpp"
#include "yolotrain/run/event_log.hpp"
#include "yolotrain/run/run_folder.hpp"
#include "yolotrain/run/stop_flag.hpp"
#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// What is trained on. `val` may be null: then nothing is validated.
struct TrainData {
    std::shared_ptr<const yolodata::shard::ShardSet> train;
    std::shared_ptr<const EvalSource> val;
};

/// Told how a training goes, in the training's thread.
class TrainObserver {
   public:
    virtual ~TrainObserver() = default;
    virtual void stepped(const Counters&, std::int64_t /*steps*/) {}
    virtual void validating(std::size_t /*done*/, std::size_t /*total*/) {}
    virtual void epoch_ended(const EpochRow&, const Counters&) {}
    virtual void happened(const Event&) {}
};

enum class Outcome {
    finished,  ///< all epochs, or stopped by patience
    stopped,   ///< by the stop flag, checkpoint written
};

/// The training loop: a state machine over one TrainState. advance() does the next thing that is due (a
/// step, or an epoch's end) and leaves the state at a boundary where it can be saved and continued: a
/// continued training on a CPU with as many threads has the same bits as one that was never stopped.
///
/// A step whose loss or gradients are not finite is dropped as if it had not been, and recorded. Weights
/// with NaN or infinity are never written. A checkpoint that cannot be written is recorded; training
/// goes on.
class Trainer {
   public:
    /// A training before its first step, or where `from` stands. Throws yolodata::Error(forbidden_state) if
    /// `from` is of another model, other classes or other data.
    Trainer(const TrainOptions& options, TrainData data, const RunFolder& folder, const StopFlag& stop,
            TrainObserver& observer, const StateImage* from = nullptr, Clock clock = {});
    ~Trainer();
    Trainer(const Trainer&) = delete;
    Trainer& operator=(const Trainer&) = delete;

    /// Until the end or the stop flag. An exception leaves the run folder with its last checkpoint.
    Outcome run();
    /// The next step or epoch end; false when there is nothing left to do.
    bool advance();

    const TrainState& state() const;
    const Schedule& schedule() const;
    const TrainLoader& loader() const;
    /// "transferred a/b" of the weights that it started from; {0, 0} without.
    std::pair<int, int> transferred() const;

   private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

/// Whether a run that stands at `image` has nothing left to do under these options.
bool is_finished(const StateImage& image, int epochs, int patience);

}  // namespace yolotrain
