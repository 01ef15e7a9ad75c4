// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "yolodata/augment/picture_view.hpp"
#include "yolodata/augment/sample.hpp"

namespace yolodata {

/// Decoded pictures that a mosaic will want again: partners come from the `window` positions before
/// a sample's own (OnlineContext), so whoever keeps just those decodes each picture once an epoch,
/// and at its beginning once more what lies before it, at the end of the cyclic order.
///
/// What falls out first is what lies furthest behind, not what was asked for first: a partner that
/// has to be loaded again would otherwise push out one that is still wanted, which would have to
/// be loaded again …: three decodes a sample instead of one. Thread-safe; two threads that miss the
/// same picture at the same time both load it.
class KeptSamples {
 public:
    using Load = std::function<std::shared_ptr<const Sample>(std::uint64_t record)>;

    /// capacity: pictures kept, ≥ 1; the window, and one for each sample in the making.
    explicit KeptSamples(std::size_t capacity) : capacity_(capacity) {}

    /// The picture of a record, kept or loaded. `place` says where it stands in the training: larger
    /// is later, place_of() makes it. What load() throws goes through; nothing is kept then.
    SampleView get(std::uint64_t record, std::int64_t place, const Load& load);

    /// Of the picture at `position` of an epoch of n samples, seen from the sample at `now`: one
    /// behind it, cyclic, belongs before the epoch.
    static std::int64_t place_of(std::uint32_t epoch, std::uint64_t n, std::uint64_t position,
                                 std::uint64_t now);

    std::size_t size() const;
    /// Gives all of them back; views that were handed out stay good.
    void clear();

 private:
    struct Entry {
        std::shared_ptr<const Sample> sample;
        std::int64_t place;
    };
    SampleView renew(std::unordered_map<std::uint64_t, Entry>::iterator entry, std::int64_t place);

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Entry> entries_;  ///< by record
    std::multimap<std::int64_t, std::uint64_t> order_;  ///< records by place
};

}  // namespace yolodata
