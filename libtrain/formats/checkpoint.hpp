// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "pickle.hpp"

namespace yolotrain::formats {

/// What a checkpoint holds of a model: its state_dict in order, and facts about it.
struct StateDict {
    struct Item {
        std::string name;  ///< "model.0.conv.weight"
        NodeId tensor = no_node;
    };
    std::vector<Item> items;
    /// As far as they are there: `names` (JSON, a mapping of class number to name), `imgsz`
    /// ("[320, 320]"), `task`, `architecture` ("yolov8n.yaml"), `source` ("ema", "model", …).
    std::map<std::string, std::string> metadata;
};

/// Finds the model in a pickle of torch.save: a state_dict; a dict with one under "model",
/// "model_state_dict" or "state_dict"; a module; or Ultralytics' checkpoint, of which `ema` is
/// taken where it is a module, else `model`. A module's tensors are named as its state_dict() names
/// them. Throws yolodata::Error(corrupt) where there is no model, or none that ends.
StateDict find_state_dict(const Pickle& pickle, const std::string& path);

}  // namespace yolotrain::formats
