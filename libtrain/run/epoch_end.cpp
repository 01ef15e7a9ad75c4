// SPDX-License-Identifier: Apache-2.0
#include "epoch_end.hpp"

#include <cmath>

namespace yolotrain {

namespace {

EpochRow make_row(const Counters& counters, const std::optional<ValResult>& validated) {
    EpochRow row;
    row.epoch = counters.epoch + 1;
    row.time = counters.seconds;
    row.lr = counters.lr;
    for (std::size_t i = 0; i < row.train_loss.size() && counters.loss_steps > 0; ++i) {
        row.train_loss[i] = counters.loss_sum[i] / static_cast<double>(counters.loss_steps);
    }
    if (validated) {
        row.precision = validated->precision;
        row.recall = validated->recall;
        row.map50 = validated->map50;
        row.map = validated->map;
        row.val_loss = {validated->box_loss, validated->cls_loss, validated->dfl_loss};
    }
    return row;
}

}  // namespace

EpochVerdict judge_epoch(TrainState& state, const std::optional<ValResult>& validated, int patience) {
    Counters& counters = state.counters;
    EpochVerdict verdict;
    verdict.row = make_row(counters, validated);
    const std::int64_t epoch = verdict.row.epoch;
    if (!validated) {
        // As long as nothing was ever measured, the newest weights are the best known ones.
        verdict.best = counters.best_epoch == 0;
        return verdict;
    }
    // Five digits, as Ultralytics 8.4.190 compares them. A tie takes the later weights; patience, which wants
    // progress, starts anew only on a strictly better value, or while there is none at all.
    const double fitness = std::round(validated->fitness() * 1e5) / 1e5;
    if (fitness > counters.best_fitness || counters.best_fitness == 0) counters.patience_epoch = epoch;
    if (fitness >= counters.best_fitness) {
        verdict.best = true;
        counters.best_fitness = fitness;
        counters.best_epoch = epoch;
    }
    verdict.stop = patience > 0 && epoch - counters.patience_epoch >= patience;
    return verdict;
}

void forget_best(Counters& counters) {
    counters.best_fitness = 0;
    counters.best_epoch = 0;
    counters.patience_epoch = counters.epoch;
}

void begin_next_epoch(TrainState& state, const EpochVerdict& verdict) {
    Counters& counters = state.counters;
    state.rows.push_back(verdict.row);
    ++counters.epoch;
    counters.step = 0;
    counters.loss_sum = {};
    counters.loss_steps = 0;
    counters.stopped_early = verdict.stop;
}

}  // namespace yolotrain
