// SPDX-License-Identifier: Apache-2.0
#include "sample_maker.hpp"

#include <fmt/format.h>

#include <utility>

#include "yolodata/core/error.hpp"
#include "yolodata/shard/set_index.hpp"
#include "yolotrain/data/kept_pictures.hpp"
#include "yolotrain/data/record.hpp"

namespace yolotrain {

using yolodata::Permutation;

namespace {

/// Pictures come out as they are stored.
yolodata::AugmentOptions no_augmentation() {
    yolodata::AugmentOptions none;
    none.hsv_h = none.hsv_s = none.hsv_v = 0;
    none.translate = none.scale = 0;
    none.fliplr = none.mosaic = 0;
    return none;
}

}  // namespace

SampleMaker::SampleMaker(std::shared_ptr<const yolodata::shard::ShardSet> shards,
                         std::shared_ptr<Quarantine> quarantine, const LoaderOptions& options,
                         const EpochRecords& records)
    : shards_(std::move(shards)), quarantine_(std::move(quarantine)), options_(options), records_(records) {
    if (records_.variants() > 0) options_.augment = no_augmentation();
    if (const std::size_t kept = kept_pictures(*shards_, options_); kept > 0) {
        kept_ = std::make_unique<yolodata::KeptSamples>(kept);
    }
}

std::uint64_t SampleMaker::window() const {
    const yolodata::AugmentOptions& a = options_.augment;
    const bool partners = a.mosaic > 0 || a.mixup > 0 || a.cutmix > 0;
    return partners ? partner_window(size(), options_.batch) : 0;
}

std::uint64_t SampleMaker::record_at(std::int64_t epoch, std::uint64_t position) const {
    return records_.first(epoch) + Permutation(size(), options_.seed, static_cast<std::uint32_t>(epoch))(position);
}

/// The first record at or after `position` in the (cyclic) order that is not known to be bad.
std::uint64_t SampleMaker::usable_record(std::int64_t epoch, const Permutation& order, std::uint64_t position) const {
    for (std::uint64_t step = 0; step < size(); ++step) {
        const std::uint64_t record = records_.first(epoch) + order((position + step) % size());
        if (!quarantine_->contains(record)) return record;
    }
    throw yolodata::Error(yolodata::ErrorKind::corrupt,
                          fmt::format("not one of the {} records of {} can be used; pack the set again", size(),
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

yolodata::SampleView SampleMaker::picture(std::uint64_t record, std::optional<std::int64_t> place) const {
    const auto load = [this](std::uint64_t number) -> std::shared_ptr<const yolodata::Sample> {
        return std::make_shared<yolodata::Sample>(load_record(*shards_, number, options_.imgsz));
    };
    if (kept_ && place) return kept_->get(record, *place, load);
    auto owned = load(record);
    return {yolodata::PictureView(owned->image), owned->boxes, owned};
}

MadeSample SampleMaker::make(std::int64_t epoch, std::uint64_t position, std::uint8_t* planes) const {
    const auto epoch_key = static_cast<std::uint32_t>(epoch);
    const Permutation order(size(), options_.seed, epoch_key);
    yolodata::OnlineContext context;
    context.seed = options_.seed;
    context.epoch = epoch_key;
    context.n = size();
    context.window = partner_window(size(), options_.batch);
    context.imgsz = options_.imgsz;
    context.close_mosaic = options_.plain_from >= 0 && epoch >= options_.plain_from;
    const bool keeps = kept_ && !context.close_mosaic;
    if (kept_ && !keeps) kept_->clear();  // no sample has partners any more
    std::uint64_t asked = position;  // where the record stands whose picture is drawn next
    context.record_at = [&](std::uint64_t p) { return usable_record(epoch, order, asked = p % size()); };
    const yolodata::ViewSource source = [&](std::uint64_t record) {
        if (!keeps) return picture(record, std::nullopt);
        return picture(record, yolodata::KeptSamples::place_of(epoch_key, size(), asked, position));
    };
    // A bad record found on the way makes the sample anew from the start, so that the result depends on
    // which records are bad and not on when that was found out. Each round condemns one: it ends.
    for (;;) {
        try {
            MadeSample made;
            made.boxes = yolodata::render_training_sample(context, position, options_.augment, source, planes,
                                                          yolodata::PixelLayout::planar);
            made.record = usable_record(epoch, order, position);
            return made;
        } catch (const RecordUnusable& bad) {
            condemn(bad.record, bad.what());
        }
    }
}

}  // namespace yolotrain
