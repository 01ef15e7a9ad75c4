// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "yolotrain/eval/validator.hpp"

namespace tools {

/// A validation as the user sees it.
struct ValReport {
    std::string weights, data, split;  ///< names of files, not paths
    int imgsz = 0;
    bool rect = true;
    yolotrain::ValResult result;
    std::vector<std::string> left_out;  ///< pictures that were not measured, by path in the dataset
    std::uint64_t peak_memory_bytes = 0;
};

/// Ultralytics' table: Class, Images, Instances, Box(P, R, mAP50, mAP50-95), `all` first; "-" for
/// what cannot be measured.
std::string to_table(const ValReport& report);
/// The curves by class, at IoU 0.5: precision, recall and F1 over confidence 0 … 1, precision over recall 0 … 1.
std::string to_curves_json(const ValReport& report);
/// schemas/val.schema.json; never holds NaN.
std::string to_json(const ValReport& report);

}  // namespace tools
