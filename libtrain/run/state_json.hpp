// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// A state image without its tensors, as JSON and back. Reading throws nlohmann::json::exception or
/// yolodata::Error for what is missing or of another type.
nlohmann::ordered_json to_json(const StateImage& image);
StateImage image_from_json(const nlohmann::ordered_json& json);

}  // namespace yolotrain
