// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "epoch_end.hpp"
#include "yolotrain/model/weights.hpp"
#include "yolotrain/run/checkpoint.hpp"
#include "yolotrain/run/event_log.hpp"
#include "yolotrain/run/run_folder.hpp"
#include "yolotrain/run/trainer.hpp"

namespace yolotrain {

/// Everything that a training writes into its folder, and tells its observer. A file that cannot be
/// written is an event and no end of the training: the next epoch tries again.
class RunOutput {
   public:
    RunOutput(const RunFolder& folder, TrainObserver& observer, WeightsInfo info, int save_period, const Clock& clock);

    void report(const Event& event);
    /// Weights and results.csv of the epoch that has just ended.
    void publish(const TrainState& state, const EpochVerdict& verdict, const Event& place);
    /// false: the checkpoint could not be written, which is reported. One that was saved last, or that the
    /// run was continued from, is not written again.
    bool save(const StateImage& image, const Event& place);
    /// The checkpoint at this position is there already.
    void note_saved(const Counters& counters) { saved_ = {counters.epoch, counters.step}; }

   private:
    void save_weights_as(const std::string& path, const TrainState& state, const Event& place);

    const RunFolder& folder_;
    TrainObserver& observer_;
    const WeightsInfo info_;
    const int save_period_;
    CheckpointStore checkpoints_;
    EventLog events_;
    std::pair<std::int64_t, std::int64_t> saved_{-1, -1};  ///< epoch and step of the newest checkpoint
};

}  // namespace yolotrain
