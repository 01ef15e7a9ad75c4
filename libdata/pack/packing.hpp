// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pack/journal.hpp"
#include "pack/pipeline.hpp"
#include "pack/plain_pictures.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

std::vector<Place> places_of(const std::vector<Split>& splits);

/// The index of a set of these options before its first record.
shard::SetIndex index_frame(const Dataset& dataset, const PackOptions& options);
/// Of the plain pictures that a set of variants with these options is made from: what they do not depend on is left at its
/// default.
PackPlan plain_plan(const PackOptions& options, const std::vector<Split>& splits);

/// Whether OUT holds a whole set of these options, and then its index; of whatever state of the source. Reads no picture.
bool is_whole(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out, const PackOptions& options,
              shard::SetIndex& index);
/// Whether it is (or that part of it) of the source as it is now, too. Hashes the source; go_on is asked meanwhile, and
/// where it says false, so does this.
bool is_up_to_date(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
                   const PackOptions& options, shard::SetIndex& index, const std::function<bool()>& go_on = {});

/// Error(resource) whose text says what became of the work.
class OutOfResources : public Error {
   public:
    explicit OutOfResources(const std::string& message) : Error(ErrorKind::resource, message) {}
};

/// One packing from dataset to published set, or on from where an earlier one was interrupted. It holds the lock of
/// OUT as long as it lives; what it is made from must live longer. options.set.codec is raw or jpeg.
class Packing {
   public:
    /// whole_out: of all parts together. Throws as Staging.
    Packing(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out, const PackPlan& options,
            const PackProgress& progress, PackReport& report);

    /// Throws OutOfResources, and what pack() throws.
    void run();
    /// The same, but leaves Error(resource) for the caller to say what becomes of the work.
    void pack_and_publish();
    std::uint64_t written_bytes() const { return written_; }  ///< of closed shards

   private:
    using Old = shard::Staging::Old;
    using Unfinished = shard::Staging::Unfinished;

    JournalState begin(const Journal& journal, const PackPlan& options);
    /// The journal says how far the packing was when the shard was full, not when it is published.
    shard::SetWriter::ShardFull writes(const Journal& journal, const Progress& at);
    std::optional<shard::SetIndex> pack_plain(const std::string& folder, const PackPlan& options);
    std::string digest_of_source(const KnownDigests& known) const;
    std::optional<shard::SetIndex> pack_variants();
    std::optional<PlainPictures> make_plain();

    const Dataset& dataset_;
    const std::vector<Split>& splits_;
    const std::string whole_out_, out_;
    const PackPlan& options_;
    const PackProgress& progress_;
    PackReport& report_;
    const std::vector<Place> all_places_;  ///< of every part
    const std::vector<Place> places_;
    shard::Staging staging_;
    std::uint64_t written_ = 0;  ///< bytes of closed shards
};

}  // namespace yolodata::pack
