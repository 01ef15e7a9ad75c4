// SPDX-License-Identifier: Apache-2.0
#include "pack/variants.hpp"

#include <fmt/format.h>
#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "yolodata/augment/variant.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/encode.hpp"
#include "yolodata/pack/augment_options.hpp"
#include "yolodata/shard/reader.hpp"

namespace yolodata::pack {

namespace {

/// One record under way.
struct Item {
    std::uint64_t position = 0;
    shard::RecordData record;
};

Scene read_scene(const shard::ShardSet& set, std::uint64_t number) {
    const shard::RecordInfo info = set.info(number);
    Scene scene;
    scene.image.width = info.width;
    scene.image.height = info.height;
    // The picture is read by its sides, whatever the record holds.
    const std::uint64_t bytes = static_cast<std::uint64_t>(info.width) * static_cast<std::uint64_t>(info.height) * 3;
    if (!set.read(number, scene.image.rgb) || scene.image.rgb.size() != bytes)
        throw Error(ErrorKind::corrupt, fmt::format("{}: what was just written there cannot be read back; check the disk",
                                                    set.shard_path(info.shard)));
    scene.objects = to_objects(set.boxes(number), set.geometry(number), info.width, info.height);
    return scene;
}

/// One variant of one split.
class VariantPass {
   public:
    VariantPass(const shard::ShardSet& set, const Dataset& dataset, const PackOptions& options, std::uint32_t variant)
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
                                         [this](std::uint64_t n) { return read_scene(set_, n); });
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

    const shard::ShardSet& set_;
    const Dataset& dataset_;
    const PackOptions& options_;
    const Permutation order_;
    OnlineContext context_;
};

/// Threads that may work at a time: each holds a canvas of four pictures twice, and its parts.
int workers(const PackOptions& options) {
    constexpr std::uint64_t pictures = 16;
    const auto side = static_cast<std::uint64_t>(options.set.imgsz);
    const std::uint64_t fit = options.max_memory / (side * side * 3 * pictures);
    return static_cast<int>(std::clamp<std::uint64_t>(fit, 1, static_cast<std::uint64_t>(options.jobs)));
}

bool write_pass(const VariantPass& pass, std::uint64_t next, std::uint64_t size, int threads, const std::function<bool()>& done,
                shard::SetWriter& writer) {
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
        const auto make = [&](Item* item) { return pass.make(*item), item; };
        const auto write = [&](Item* item) {
            if (stopped) return;
            writer.add(item->record);
            item->record = {};
            if (!done()) stopped = true;
        };
        tbb::parallel_pipeline(items.size(), tbb::make_filter<void, Item*>(filter_mode::serial_in_order, first) &
                                                 tbb::make_filter<Item*, Item*>(filter_mode::parallel, make) &
                                                 tbb::make_filter<Item*, void>(filter_mode::serial_in_order, write));
    });
    return !stopped;
}

void begin_split(const std::string& name, const shard::SetIndex& plain, shard::SetWriter& writer) {
    writer.begin_split(name);
    for (const shard::LeftOut& image : plain.left_out)
        if (image.split == name) writer.leave_out(image);
}

}  // namespace

bool write_variants(const std::string& plain, const Dataset& dataset, const PackOptions& options,
                    const PackProgress& progress, Progress& at, shard::SetWriter& writer) {
    const shard::SetIndex index = shard::read_set_index(plain);
    const auto variants = static_cast<std::uint64_t>(options.set.variants);
    std::uint64_t total = 0, before = 0;
    for (const shard::SplitEntry& split : index.splits) total += split.records * variants;
    const auto done = [&] { return ++at.done, !progress || progress(at.done, total); };
    for (std::size_t i = 0; i < index.splits.size(); ++i) {
        const shard::SplitEntry& split = index.splits[i];
        if (i == writer.index().splits.size()) begin_split(split.name, index, writer);
        const shard::ShardSet set(plain, split.name);
        for (std::uint32_t variant = 1; variant <= variants; ++variant, before += set.size()) {
            if (at.done >= before + set.size()) continue;
            const VariantPass pass(set, dataset, options, variant);
            if (!write_pass(pass, at.done - before, set.size(), workers(options), done, writer)) return false;
        }
    }
    return true;
}

}  // namespace yolodata::pack
