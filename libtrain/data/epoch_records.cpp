// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/epoch_records.hpp"

#include <fmt/format.h>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"

namespace yolotrain {

using yolodata::Error;
using yolodata::ErrorKind;

namespace {

/// The variant's number of a record, or `expected` where its label is damaged: that is met when it is read.
std::uint32_t variant_of(const yolodata::shard::ShardSet& set, std::uint64_t record, std::uint32_t expected) {
    try {
        return set.info(record).variant;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::corrupt) throw;
        return expected;
    }
}

}  // namespace

EpochRecords::EpochRecords(const yolodata::shard::ShardSet& set)
    : variants_(set.variants()), size_(set.size()) {
    if (variants_ == 0 || set.size() == 0) return;
    const auto k = static_cast<std::uint64_t>(variants_);
    size_ = set.size() / k;
    // Variant 1 of every image, then variant 2 … (docs/shard-format.md): looked at where each begins and ends.
    bool whole = set.size() % k == 0;
    for (std::uint64_t v = 0; whole && v < k; ++v) {
        const auto number = static_cast<std::uint32_t>(v + 1);
        for (const std::uint64_t record : {v * size_, (v + 1) * size_ - 1}) {
            whole = whole && variant_of(set, record, number) == number;
        }
    }
    if (!whole) {
        throw Error(ErrorKind::corrupt,
                    fmt::format("{}: its {} records are not {} variants of each picture, one after the other; pack the "
                                "set again",
                                set.shard_path(0), set.size(), variants_));
    }
}

}  // namespace yolotrain
