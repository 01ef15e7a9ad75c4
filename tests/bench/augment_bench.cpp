// SPDX-License-Identifier: Apache-2.0
// augment_bench SHARDS SPLIT IMGSZ COUNT [chain]: training samples (mosaic, affine, HSV, flip, with the defaults)
// made from a shard set into planar buffers by one thread, a second of CPU time. `chain`: by OpenCV calls, for
// comparison. The pictures of the last 128 positions (8 · batch) are kept, as Ultralytics keeps them.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "augment/online_chain.hpp"
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

class Records {
   public:
    Records(const std::string& dir, const std::string& split, std::size_t kept) : set_(dir, split), kept_(kept) {}
    std::uint64_t size() const { return set_.size(); }

    SampleView get(std::uint64_t number) {
        std::shared_ptr<const Sample>& found = pictures_[number];
        if (!found) {
            if (order_.size() == kept_) {
                pictures_.erase(order_.front());
                order_.pop_front();
            }
            order_.push_back(number);
            pictures_[number] = load(number);
        }
        const auto& sample = pictures_[number];
        return {PictureView(sample->image), sample->boxes, sample};
    }

   private:
    std::shared_ptr<const Sample> load(std::uint64_t number) const {
        const shard::RecordInfo info = set_.info(number);
        auto sample = std::make_shared<Sample>();
        std::vector<std::uint8_t> payload;
        if (!set_.read(number, payload)) std::exit(3);
        if (info.codec == shard::Codec::jpeg) {
            sample->image = decode(std::as_bytes(std::span(payload)), {.apply_exif = false});
        } else {
            sample->image.width = info.width, sample->image.height = info.height;
            sample->image.rgb = std::move(payload);
        }
        sample->boxes = to_pixels(set_.boxes(number), info.width, info.height);
        return sample;
    }

    shard::ShardSet set_;
    std::size_t kept_;
    std::unordered_map<std::uint64_t, std::shared_ptr<const Sample>> pictures_;
    std::deque<std::uint64_t> order_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) return std::puts("usage: augment_bench SHARDS SPLIT IMGSZ COUNT [chain]"), 2;
    cv::setNumThreads(1);
    const bool chain = argc > 5 && std::strcmp(argv[5], "chain") == 0;
    constexpr std::size_t window = 128;
    Records records(argv[1], argv[2], window);
    OnlineContext context;
    context.n = records.size(), context.window = std::min<std::uint64_t>(context.n, window);
    context.imgsz = std::atoi(argv[3]);
    const auto count = static_cast<std::uint64_t>(std::atoll(argv[4]));
    const ViewSource source = [&](std::uint64_t number) { return records.get(number); };
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(context.imgsz) * static_cast<std::size_t>(context.imgsz) * 3);
    std::uint64_t boxes = 0;
    const double start = cpu_seconds();
    for (std::uint64_t i = 0; i < count; ++i) {
        context.epoch = static_cast<std::uint32_t>(i / context.n);
        const Permutation order(context.n, 0, context.epoch);
        context.record_at = [&](std::uint64_t p) { return order(p); };
        if (chain)
            boxes += chain_training_sample(context, i % context.n, {}, source).boxes.size();
        else
            boxes += render_training_sample(context, i % context.n, {}, source, pixels.data(), PixelLayout::planar).size();
    }
    const double seconds = cpu_seconds() - start;
    std::printf("%s %s %llu images %.2f CPU s %.1f img/s a core (%llu boxes)\n", argv[1], chain ? "chain" : "render",
                static_cast<unsigned long long>(count), seconds, static_cast<double>(count) / seconds,
                static_cast<unsigned long long>(boxes));
}
