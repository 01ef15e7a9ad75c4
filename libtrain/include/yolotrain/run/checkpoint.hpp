// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "yolotrain/run/train_state.hpp"

namespace yolotrain {

/// The checkpoints of a run, in RUN/state: checkpoint-EPOCH-STEP.safetensors with the tensors and
/// checkpoint-EPOCH-STEP.json with the rest, the SHA-256 of both included. Each file appears complete or
/// not at all, the JSON last: what it names is there. The two newest are kept.
class CheckpointStore {
   public:
    /// The folder need not exist yet.
    explicit CheckpointStore(std::string folder);

    /// Throws yolodata::Error(io | resource); the checkpoints before it then still stand.
    void save(const StateImage& image);

    /// The newest checkpoint whose checksums hold, nothing if there is none. `problems` gets a line for
    /// each newer one that had to be passed over. save() removes those.
    std::optional<StateImage> newest(std::vector<std::string>& problems);

   private:
    std::vector<std::string> names() const;  ///< without suffix, newest first
    void remove_old(const std::string& saved);

    std::string folder_;
    std::vector<std::string> damaged_;  ///< names that newest() passed over
};

}  // namespace yolotrain
