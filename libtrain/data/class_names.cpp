// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/class_names.hpp"

#include <fmt/format.h>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolotrain {

std::vector<std::string> class_names(const yolodata::shard::ShardSet& shards) {
    if (!shards.names().empty()) return shards.names();
    std::vector<std::string> names;
    for (std::uint32_t k = 0; k < shards.index().class_count.value_or(0); ++k) names.push_back(fmt::format("class_{}", k));
    if (names.empty()) {
        throw yolodata::Error(yolodata::ErrorKind::invalid_argument,
                              "the training data say neither names nor number of their classes; write names: into "
                              "data.yaml and pack again");
    }
    return names;
}

}  // namespace yolotrain
