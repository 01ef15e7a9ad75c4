// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace yolotrain {

/// A line of results.csv.
struct EpochRow {
    std::int64_t epoch = 0;       ///< from 1
    double time = 0;              ///< seconds of training up to here, over all sittings
    std::array<double, 3> train_loss{};  ///< box, cls, dfl: means over the epoch's steps
    double precision = 0, recall = 0, map50 = 0, map = 0;
    std::array<double, 3> val_loss{};
    std::vector<double> lr;       ///< of the parameter groups in the epoch's last step

    bool operator==(const EpochRow&) const = default;
};

/// The text of results.csv: Ultralytics' columns, one lr/pgN for each group, six significant digits. All rows have as many
/// groups.
std::string results_csv(const std::vector<EpochRow>& rows);

}  // namespace yolotrain
