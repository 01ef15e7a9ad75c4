// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "yolodata/core/dataset.hpp"

namespace yolodata::pack {

/// How records name their source. Paths below the dataset's root stay as they are. What lies outside it has
/// an absolute path, which would carry folder and user names of this machine into the shards: it becomes
/// "outside/REST", where REST is counted from the deepest folder that all such images share.
class SourceNames {
   public:
    explicit SourceNames(const Dataset& dataset);
    std::string name(const std::string& path) const;

   private:
    std::string outside_root_;  ///< with a slash at the end
};

}  // namespace yolodata::pack
