// SPDX-License-Identifier: Apache-2.0
// augment_bench SHARDS SPLIT IMGSZ COUNT [chain]: training samples (mosaic, affine, HSV, flip, with the defaults)
// made from a shard set into planar buffers by one thread, a second of CPU time. `chain`: by OpenCV calls, for
// comparison. The pictures of the last 128 positions (8 · batch) are kept, as Ultralytics keeps them; the samples of the first
// 128 positions, which fill that memory, are made before the clock starts. Says how many pictures were read a sample.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstdint>
#include <cstring>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <vector>

#include "augment/online_chain.hpp"
#include "yolodata/augment/kept_samples.hpp"
#include "yolodata/augment/online.hpp"
#include "yolodata/core/random.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/shard/reader.hpp"

namespace {

using namespace yolodata;

double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// The picture of a record, decoded.
std::shared_ptr<const Sample> load(const shard::ShardSet& set, std::uint64_t number) {
    const shard::RecordInfo info = set.info(number);
    auto sample = std::make_shared<Sample>();
    std::vector<std::uint8_t> payload;
    if (!set.read(number, payload)) std::exit(3);
    if (info.codec == shard::Codec::jpeg) {
        sample->image = decode(std::as_bytes(std::span(payload)), {.apply_exif = false});
    } else {
        sample->image.width = info.width, sample->image.height = info.height;
        sample->image.rgb = std::move(payload);
    }
    sample->boxes = to_pixels(set.boxes(number), info.width, info.height);
    return sample;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) return std::puts("usage: augment_bench SHARDS SPLIT IMGSZ COUNT [chain]"), 2;
    cv::setNumThreads(1);
    const bool chain = argc > 5 && std::strcmp(argv[5], "chain") == 0;
    constexpr std::uint64_t window = 128;
    const shard::ShardSet set(argv[1], argv[2]);
    KeptSamples kept(window + 1);
    OnlineContext context;
    context.n = set.size(), context.window = std::min(context.n, window);
    context.imgsz = std::atoi(argv[3]);
    const auto count = static_cast<std::uint64_t>(std::atoll(argv[4]));
    std::uint64_t now = 0, asked = 0, boxes = 0, read = 0;
    const KeptSamples::Load load_record = [&](std::uint64_t number) { return ++read, load(set, number); };
    const ViewSource source = [&](std::uint64_t number) {
        return kept.get(number, KeptSamples::place_of(context.epoch, context.n, asked, now), load_record);
    };
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(context.imgsz) * static_cast<std::size_t>(context.imgsz) * 3);
    double start = 0;
    for (std::uint64_t i = 0; i < window + count; ++i) {
        if (i == window) start = cpu_seconds(), boxes = read = 0;
        context.epoch = static_cast<std::uint32_t>(i / context.n);
        now = i % context.n;
        const Permutation order(context.n, 0, context.epoch);
        context.record_at = [&](std::uint64_t p) { return order(asked = p); };
        if (chain)
            boxes += chain_training_sample(context, now, {}, source).boxes.size();
        else
            boxes += render_training_sample(context, now, {}, source, pixels.data(), PixelLayout::planar).size();
    }
    const double seconds = cpu_seconds() - start;
    std::printf("%s %s %llu images %.2f CPU s %.1f img/s a core (%llu boxes, %.2f pictures read a sample)\n", argv[1], chain ? "chain" : "render",
                static_cast<unsigned long long>(count), seconds, static_cast<double>(count) / seconds,
                static_cast<unsigned long long>(boxes), static_cast<double>(read) / static_cast<double>(count));
}
