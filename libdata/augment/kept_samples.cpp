// SPDX-License-Identifier: Apache-2.0
#include "yolodata/augment/kept_samples.hpp"

#include <utility>

namespace yolodata {
namespace {

SampleView view_of(std::shared_ptr<const Sample> sample) {
    SampleView view{PictureView(sample->image), sample->boxes, nullptr};
    view.owner = std::move(sample);
    return view;
}

}  // namespace

std::int64_t KeptSamples::place_of(std::uint32_t epoch, std::uint64_t n, std::uint64_t position,
                                   std::uint64_t now) {
    const auto size = static_cast<std::int64_t>(n);
    const std::int64_t place = std::int64_t{epoch} * size + static_cast<std::int64_t>(position);
    return position > now ? place - size : place;
}

SampleView KeptSamples::get(std::uint64_t record, std::int64_t place, const Load& load) {
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = entries_.find(record); found != entries_.end())
            return renew(found, place);
    }
    std::shared_ptr<const Sample> sample = load(record);
    const std::scoped_lock lock(mutex_);
    const auto [entry, is_new] = entries_.try_emplace(record, Entry{sample, place});
    if (!is_new) return renew(entry, place);
    order_.emplace(place, record);
    if (entries_.size() > capacity_) {
        entries_.erase(order_.begin()->second);
        order_.erase(order_.begin());
    }
    return view_of(std::move(sample));
}

/// A record that is met again in the next epoch, or at its own place after it was a partner, stays
/// for as long as its later place is wanted. Mutex held.
SampleView KeptSamples::renew(std::unordered_map<std::uint64_t, Entry>::iterator entry,
                              std::int64_t place) {
    if (place > entry->second.place) {
        auto [at, end] = order_.equal_range(entry->second.place);
        while (at != end && at->second != entry->first) ++at;
        order_.erase(at);
        order_.emplace(place, entry->first);
        entry->second.place = place;
    }
    return view_of(entry->second.sample);
}

void KeptSamples::clear() {
    const std::scoped_lock lock(mutex_);
    entries_.clear();
    order_.clear();
}

std::size_t KeptSamples::size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
}

}  // namespace yolodata
