// SPDX-License-Identifier: Apache-2.0
#include "pack/variants.hpp"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "pack/parts.hpp"
#include "yolodata/augment/variant.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/encode.hpp"
#include "yolodata/pack/augment_options.hpp"

namespace yolodata::pack {

namespace {

/// One record under way.
struct Item {
    std::uint64_t position = 0;
    shard::RecordData record;
};

/// One variant of one split.
class VariantPass {
   public:
    VariantPass(const PlainSplit& set, const Dataset& dataset, const PackOptions& options, std::uint32_t variant)
        : set_(set), dataset_(dataset), options_(options), order_(set.size(), options.set.seed, variant) {
        context_.seed = options.set.seed;
        context_.epoch = variant;
        context_.n = set.size();
        context_.window = std::min<std::uint64_t>({set.size(), 8 * variant_batch, 1000});
        context_.imgsz = options.set.imgsz;
        context_.record_at = [this](std::uint64_t position) { return order_(position); };
    }
    VariantPass(const VariantPass&) = delete;

    void make(Item& item) const {
        const std::uint64_t number = order_(item.position);
        const shard::RecordInfo info = set_.info(number);
        const Scene scene = make_variant(context_, item.position, options_.augment, dataset_.task,
                                         [this](std::uint64_t n) { return set_.scene(n); });
        Rows rows = to_rows(scene.objects, dataset_.task, dataset_.keypoints, scene.image.width, scene.image.height);
        shard::RecordData& record = item.record;
        record = {};
        record.width = scene.image.width;
        record.height = scene.image.height;
        record.boxes = std::move(rows.boxes);
        record.geometry = std::move(rows.geometry);
        record.source = info.source;
        record.source_width = info.source_width;
        record.source_height = info.source_height;
        record.variant = context_.epoch;
        encode(scene.image, record);
        record.checksum = shard::payload_checksum(record.payload);
    }

   private:
    void encode(const Picture& picture, shard::RecordData& record) const {
        if (options_.set.codec == "raw") {
            record.payload = picture.rgb;
            return;
        }
        record.codec = shard::Codec::jpeg;
        const auto bytes = encode_jpeg(picture, options_.set.quality);
        record.payload.resize(bytes.size());
        std::memcpy(record.payload.data(), bytes.data(), bytes.size());
    }

    const PlainSplit& set_;
    const Dataset& dataset_;
    const PackOptions& options_;
    const Permutation order_;
    OnlineContext context_;
};

/// What makes the record of a position in one pass over a split. Variant 0: the images as they are, in their order.
std::function<void(Item&)> pass_of(const PlainSplit& set, const Dataset& dataset, const PackOptions& options,
                                   std::uint32_t variant) {
    if (variant == 0) return [&set](Item& item) { item.record = set.record(item.position); };
    return [pass = std::make_shared<const VariantPass>(set, dataset, options, variant)](Item& item) { pass->make(item); };
}

/// Threads that may work at a time: each holds a canvas of four pictures twice, and its parts.
int workers(const PackOptions& options) {
    constexpr std::uint64_t pictures = 16;
    const auto side = static_cast<std::uint64_t>(options.set.imgsz);
    const std::uint64_t fit = options.max_memory / (side * side * 3 * pictures);
    return static_cast<int>(std::clamp<std::uint64_t>(fit, 1, static_cast<std::uint64_t>(options.jobs)));
}

/// Writes what `make` makes of the positions from `next` on, in their order.
bool write_pass(const std::function<void(Item&)>& make, std::uint64_t next, std::uint64_t size, int threads,
                const std::function<bool()>& done, shard::SetWriter& writer) {
    using tbb::filter_mode;
    std::vector<Item> items(static_cast<std::size_t>(2 * threads));
    std::atomic<bool> stopped = false;  // set by the last stage, read by the first, on other threads
    tbb::task_arena arena(threads);
    arena.execute([&] {
        const auto first = [&](tbb::flow_control& control) -> Item* {
            if (next == size || stopped) return control.stop(), nullptr;
            Item& item = items[next % items.size()];
            item.position = next++;
            return &item;
        };
        const auto work = [&](Item* item) { return make(*item), item; };
        const auto write = [&](Item* item) {
            if (stopped) return;
            writer.add(item->record);
            item->record = {};
            if (!done()) stopped = true;
        };
        tbb::parallel_pipeline(items.size(), tbb::make_filter<void, Item*>(filter_mode::serial_in_order, first) &
                                                 tbb::make_filter<Item*, Item*>(filter_mode::parallel, work) &
                                                 tbb::make_filter<Item*, void>(filter_mode::serial_in_order, write));
    });
    return !stopped;
}

void begin_split(const std::string& name, int variants, const shard::SetIndex& plain, shard::SetWriter& writer) {
    writer.begin_split(name, variants);
    for (const shard::LeftOut& image : plain.left_out)
        if (image.split == name) writer.leave_out(image);
}

/// Of all pictures of a split, variant after variant, those that are made for these options.
std::pair<std::size_t, std::size_t> range_of(const PlainPictures& plain, const std::string& split, const PackOptions& options) {
    const auto passes = static_cast<std::uint64_t>(std::max(variants_of(split, options.set), 1));
    return part_range(plain.records(split) * passes, options.part, options.parts);
}

}  // namespace

std::uint64_t count_pictures(const PlainPictures& plain, const PackOptions& options) {
    std::uint64_t pictures = 0;
    for (const std::string& split : plain.splits()) {
        const auto [begin, end] = range_of(plain, split, options);
        pictures += end - begin;
    }
    return pictures;
}

Remaining remaining_after(std::uint64_t done, const PlainPictures& plain, const PackOptions& options) {
    Remaining remaining;
    for (const std::string& split : plain.splits()) {
        const auto [begin, end] = range_of(plain, split, options);
        const std::uint64_t skipped = std::min<std::uint64_t>(done, end - begin), left = end - begin - skipped;
        done -= skipped;
        if (left == 0) continue;
        if (variants_of(split, options.set) > 0) remaining.augmented += left;
        else remaining.copied_bytes += plain.bytes(split) / plain.records(split) * left;
    }
    return remaining;
}

bool write_variants(const PlainPictures& plain, const Dataset& dataset, const PackOptions& options,
                    const PackProgress& progress, Progress& at, shard::SetWriter& writer) {
    const auto own_index = static_cast<std::size_t>(options.parts == 1 ? 0 : options.part - 1);
    const std::uint64_t total = count_pictures(plain, options);
    std::uint64_t before = 0;  // pictures of earlier passes
    const auto done = [&] { return ++at.done, !progress || progress(at.done, total); };
    for (std::size_t i = 0; i < plain.splits().size(); ++i) {
        const std::string& split = plain.splits()[i];
        const int variants = variants_of(split, options.set);
        if (i == writer.index().splits.size()) begin_split(split, variants, plain.index(own_index), writer);
        const auto [begin, end] = range_of(plain, split, options);
        if (at.done >= before + (end - begin)) {
            before += end - begin;
            continue;
        }
        const PlainSplit set = plain.open(split);
        for (std::uint64_t first = begin / set.size() * set.size(); first < end; first += set.size()) {
            // Of the records of one pass over the images, those that are this part's.
            const std::uint64_t from = std::max<std::uint64_t>(begin, first), to = std::min<std::uint64_t>(end, first + set.size());
            if (at.done < before + (to - from)) {
                const auto variant = static_cast<std::uint32_t>(variants == 0 ? 0 : first / set.size() + 1);
                const auto make = pass_of(set, dataset, options, variant);
                if (!write_pass(make, from - first + (at.done - before), to - first, workers(options), done, writer)) return false;
            }
            before += to - from;
        }
    }
    return true;
}

}  // namespace yolodata::pack
