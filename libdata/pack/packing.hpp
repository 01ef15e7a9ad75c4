// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pack/journal.hpp"
#include "pack/pipeline.hpp"
#include "pack/plain_pictures.hpp"
#include "yolodata/core/dataset.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/staging.hpp"
#include "yolodata/shard/writer.hpp"

namespace yolodata::pack {

std::vector<Place> places_of(const std::vector<Split>& splits);

/// Whether OUT holds a whole set (or that part of one) of this source and these options, and then its index.
bool is_up_to_date(const Dataset& dataset, const std::vector<Split>& splits, const std::string& out,
                   const PackOptions& options, shard::SetIndex& index);

/// One packing from dataset to published set, or on from where an earlier one was interrupted. It holds the lock of
/// OUT as long as it lives; what it is made from must live longer. options.set.codec is raw or jpeg.
class Packing {
   public:
    /// whole_out: of all parts together. Throws as Staging.
    Packing(const Dataset& dataset, const std::vector<Split>& splits, const std::string& whole_out, const PackOptions& options,
            const PackProgress& progress, PackReport& report);

    void run();

   private:
    using Old = shard::Staging::Old;
    using Unfinished = shard::Staging::Unfinished;

    void pack_and_publish();
    JournalState begin(const Journal& journal, const PackOptions& options);
    /// The journal says how far the packing was when the shard was full, not when it is published.
    shard::SetWriter::ShardFull writes(const Journal& journal, const Progress& at);
    std::optional<shard::SetIndex> pack_plain(const std::string& folder, const PackOptions& options);
    std::string digest_of_source(const KnownDigests& known) const;
    std::optional<shard::SetIndex> pack_variants();
    std::optional<PlainPictures> make_plain();
    std::optional<PlainPictures> make_plain_parts();
    bool make_plain_part(const PackOptions& options, const std::string& root, const PackProgress& progress);

    const Dataset& dataset_;
    const std::vector<Split>& splits_;
    const std::string whole_out_, out_;
    const PackOptions& options_;
    const PackProgress& progress_;
    PackReport& report_;
    const std::vector<Place> all_places_;  ///< of every part
    const std::vector<Place> places_;
    shard::Staging staging_;
    std::uint64_t written_ = 0;  ///< bytes of closed shards
};

}  // namespace yolodata::pack
