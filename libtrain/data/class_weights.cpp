// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/class_weights.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "yolodata/core/error.hpp"

namespace yolotrain {

std::vector<std::uint64_t> count_classes(const yolodata::shard::ShardSet& shards, std::size_t nc) {
    std::vector<std::uint64_t> counts(nc);
    for (std::uint64_t record = 0; record < shards.size(); ++record) {
        try {
            for (const yolodata::Box& box : shards.boxes(record)) {
                if (box.cls >= 0 && static_cast<std::size_t>(box.cls) < nc) ++counts[static_cast<std::size_t>(box.cls)];
            }
        } catch (const yolodata::Error& error) {
            if (error.kind() != yolodata::ErrorKind::corrupt) throw;
        }
    }
    return counts;
}

std::vector<double> class_weights(const std::vector<std::uint64_t>& counts, double power) {
    std::vector<double> weights;
    for (const std::uint64_t count : counts) {
        weights.push_back(std::pow(static_cast<double>(std::max<std::uint64_t>(count, 1)), -power));
    }
    const double mean = std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
    for (double& weight : weights) weight /= mean;
    return weights;
}

}  // namespace yolotrain
