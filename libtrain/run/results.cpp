// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/run/results.hpp"

#include <fmt/format.h>

namespace yolotrain {

std::string results_csv(const std::vector<EpochRow>& rows) {
    std::string text =
        "epoch,time,train/box_loss,train/cls_loss,train/dfl_loss,metrics/precision(B),metrics/recall(B),"
        "metrics/mAP50(B),metrics/mAP50-95(B),val/box_loss,val/cls_loss,val/dfl_loss";
    constexpr std::size_t usual_groups = 3;
    const std::size_t groups = rows.empty() ? usual_groups : rows.front().lr.size();
    for (std::size_t g = 0; g < groups; ++g) text += fmt::format(",lr/pg{}", g);
    text += '\n';
    for (const EpochRow& row : rows) {
        text += fmt::format("{}", row.epoch);
        const double numbers[] = {row.time,      row.train_loss[0], row.train_loss[1], row.train_loss[2],
                                  row.precision, row.recall,        row.map50,         row.map,
                                  row.val_loss[0], row.val_loss[1], row.val_loss[2]};
        for (const double number : numbers) text += fmt::format(",{:.6g}", number);
        for (const double lr : row.lr) text += fmt::format(",{:.6g}", lr);
        text += '\n';
    }
    return text;
}

}  // namespace yolotrain
