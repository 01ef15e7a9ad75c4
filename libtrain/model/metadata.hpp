// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "yolotrain/model/weights.hpp"

namespace yolotrain::detail {

/// WeightsInfo as strings, under the keys that Ultralytics' exports use: `names` (a mapping of
/// class number to name, JSON, which also reads as a Python literal), `imgsz` ("[320, 320]"),
/// `stride`, `task`; and `scale`, `data_digest`.
std::map<std::string, std::string> format_metadata(const WeightsInfo& info);

/// The reverse; `names` is read as JSON or as the text of a Python dict or list. What is absent
/// keeps its default, names become "class0" …. Throws yolodata::Error(corrupt) where `names` does
/// not give nc classes.
WeightsInfo parse_metadata(const std::map<std::string, std::string>& metadata, std::int64_t nc,
                           const std::string& path);

}  // namespace yolotrain::detail
