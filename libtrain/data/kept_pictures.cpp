// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/kept_pictures.hpp"

#include <algorithm>

#include "yolodata/shard/set_index.hpp"

namespace yolotrain {

namespace {

std::uint64_t picture_bytes(const LoaderOptions& options) {
    const auto side = static_cast<std::uint64_t>(options.imgsz);
    return 3 * side * side;
}

}  // namespace

std::uint64_t partner_window(std::uint64_t n, int batch) {
    return std::min({n, std::uint64_t{8} * static_cast<std::uint64_t>(batch), std::uint64_t{1000}});
}

std::size_t kept_pictures(const yolodata::shard::ShardSet& set, const LoaderOptions& options) {
    const auto& stored = set.index().options;
    const yolodata::AugmentOptions& a = options.augment;
    const bool partners = set.variants() == 0 && (a.mosaic > 0 || a.mixup > 0 || a.cutmix > 0);
    const bool made = stored.codec != "raw" || stored.imgsz != options.imgsz;  // decoded or resized
    if (!partners || !made) return 0;
    const auto wanted = partner_window(set.size(), options.batch) + static_cast<std::uint64_t>(options.workers) + 1;
    return static_cast<std::size_t>(std::min(wanted, options.kept_bytes / picture_bytes(options)));
}

std::uint64_t kept_picture_bytes(const yolodata::shard::ShardSet& set, const LoaderOptions& options) {
    return kept_pictures(set, options) * picture_bytes(options);
}

}  // namespace yolotrain
