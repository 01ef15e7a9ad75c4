// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "fit/options.hpp"
#include "yolotrain/run/stop_flag.hpp"
#include "yolotrain/run/trainer.hpp"

namespace tools {

/// Thrown when a signal ended the work before the training began.
struct StoppedBefore {
    int signal;
};

/// Opens the training and validation splits of --data: a shard set as it is; a data.yaml by way of shards
/// in --shards or the cache, made anew unless a set of this dataset and these options stands there
/// already. What is validated on may be named by --val-data. Says on stderr what it does. Throws yolodata::Error
/// ((unsupported) where the pictures to validate on are augmented), UsageError where their classes are others,
/// StoppedBefore.
yolotrain::TrainData open_data(const FitOptions& options, const yolotrain::StopFlag& stop);

}  // namespace tools
