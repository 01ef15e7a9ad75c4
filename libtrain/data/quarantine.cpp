// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/quarantine.hpp"

#include <algorithm>
#include <mutex>

namespace yolotrain {

namespace {

bool by_number(const BadRecord& a, const BadRecord& b) { return a.record < b.record; }

}  // namespace

Quarantine::Quarantine(std::vector<BadRecord> known) : records_(std::move(known)), size_(records_.size()) {
    std::sort(records_.begin(), records_.end(), by_number);
}

bool Quarantine::contains(std::uint64_t record) const {
    if (size() == 0) return false;
    const std::shared_lock lock(mutex_);
    return std::binary_search(records_.begin(), records_.end(), BadRecord{record, {}, {}, {}}, by_number);
}

bool Quarantine::add(BadRecord bad) {
    const std::unique_lock lock(mutex_);
    const auto place = std::lower_bound(records_.begin(), records_.end(), bad, by_number);
    if (place != records_.end() && place->record == bad.record) return false;
    records_.insert(place, std::move(bad));
    size_.store(records_.size(), std::memory_order_release);
    return true;
}

std::vector<BadRecord> Quarantine::list() const {
    const std::shared_lock lock(mutex_);
    return records_;
}

}  // namespace yolotrain
