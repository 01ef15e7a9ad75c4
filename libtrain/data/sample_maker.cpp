// SPDX-License-Identifier: Apache-2.0
#include "sample_maker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "yolodata/core/error.hpp"
#include "yolotrain/data/record.hpp"

namespace yolotrain {

using yolodata::Permutation;

SampleMaker::SampleMaker(std::shared_ptr<const yolodata::shard::ShardSet> shards,
                         std::shared_ptr<Quarantine> quarantine, const LoaderOptions& options)
    : shards_(std::move(shards)), quarantine_(std::move(quarantine)), options_(options), n_(shards_->size()) {}

/// The first record at or after `position` in the (cyclic) order that is not known to be bad.
std::uint64_t SampleMaker::usable_record(const Permutation& order, std::uint64_t position) const {
    for (std::uint64_t step = 0; step < n_; ++step) {
        const std::uint64_t record = order((position + step) % n_);
        if (!quarantine_->contains(record)) return record;
    }
    throw yolodata::Error(yolodata::ErrorKind::corrupt,
                          fmt::format("not one of the {} records of {} can be used; pack the set again", n_,
                                      shards_->shard_path(0)));
}

void SampleMaker::condemn(std::uint64_t record, const std::string& reason) const {
    BadRecord bad{record, {}, {}, reason};
    try {
        const auto info = shards_->info(record);
        bad.shard = shards_->shard_path(info.shard);
        bad.image = info.source;
    } catch (const yolodata::Error&) {
        // Its entry is the damaged part: the reason, which came from there, names the shard.
    }
    quarantine_->add(std::move(bad));
}

MadeSample SampleMaker::make(std::int64_t epoch, std::uint64_t position, std::uint8_t* planes) const {
    const auto epoch_key = static_cast<std::uint32_t>(epoch);
    const Permutation order(n_, options_.seed, epoch_key);
    yolodata::OnlineContext context;
    context.seed = options_.seed;
    context.epoch = epoch_key;
    context.n = n_;
    context.window = std::min({n_, std::uint64_t{8} * static_cast<std::uint64_t>(options_.batch), std::uint64_t{1000}});
    context.imgsz = options_.imgsz;
    context.close_mosaic = options_.plain_from >= 0 && epoch >= options_.plain_from;
    context.record_at = [&](std::uint64_t p) { return usable_record(order, p % n_); };
    const yolodata::ViewSource source = [&](std::uint64_t record) {
        auto owned = std::make_shared<yolodata::Sample>(load_record(*shards_, record, options_.imgsz));
        yolodata::SampleView view{yolodata::PictureView(owned->image), std::move(owned->boxes), nullptr};
        view.owner = std::move(owned);
        return view;
    };
    // A bad record found on the way makes the sample anew from the start, so that the result depends on
    // which records are bad and not on when that was found out. Each round condemns one: it ends.
    for (;;) {
        try {
            MadeSample made;
            made.boxes = yolodata::render_training_sample(context, position, options_.augment, source, planes,
                                                          yolodata::PixelLayout::planar);
            made.record = usable_record(order, position);
            return made;
        } catch (const RecordUnusable& bad) {
            condemn(bad.record, bad.what());
        }
    }
}

}  // namespace yolotrain
