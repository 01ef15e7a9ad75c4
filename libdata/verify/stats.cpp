// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/stats.hpp"

#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <mutex>

#include "memory_gate.hpp"
#include "workers.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/verify/examine.hpp"

namespace yolodata {

std::array<double, SplitStats::side_bins> side_edges() {
    std::array<double, SplitStats::side_bins> edges{};
    for (std::size_t i = 1; i < edges.size(); ++i) edges[i] = std::ldexp(1.0, static_cast<int>(i));
    return edges;
}

std::array<double, SplitStats::aspect_bins> aspect_edges() {
    std::array<double, SplitStats::aspect_bins> edges{};
    for (std::size_t i = 1; i < edges.size(); ++i)
        edges[i] = std::ldexp(1.0, static_cast<int>(i) - 4);
    return edges;
}

namespace {

constexpr std::size_t block = 32;  // pairs a task

void add(AreaCounts& to, const AreaCounts& more) {
    to.small += more.small;
    to.medium += more.medium;
    to.large += more.large;
}

void count_area(AreaCounts& counts, double area) {
    ++(area < 32 * 32 ? counts.small : area < 96 * 96 ? counts.medium : counts.large);
}

template <std::size_t n>
void count_bin(std::array<std::uint64_t, n>& bins, const std::array<double, n>& edges,
               double value) {
    const auto above = std::upper_bound(edges.begin(), edges.end(), value);
    ++bins[static_cast<std::size_t>(std::max<std::ptrdiff_t>(above - edges.begin() - 1, 0))];
}

std::size_t cell(float centre) {
    const auto last = static_cast<float>(SplitStats::grid - 1);
    const float at = std::floor(centre * static_cast<float>(SplitStats::grid));
    return static_cast<std::size_t>(std::clamp(at, 0.0F, last));
}

void count_box(SplitStats& stats, const Box& box, double width, double height, int imgsz) {
    const double scale = imgsz / std::max(width, height);
    const double w = std::abs(box.w) * width, h = std::abs(box.h) * height;
    ++stats.boxes;
    ++stats.classes[box.cls].boxes;
    count_area(stats.source_areas, w * h);
    count_area(stats.imgsz_areas, w * h * scale * scale);
    count_bin(stats.sides, side_edges(), std::sqrt(w * h) * scale);
    if (w > 0 && h > 0) count_bin(stats.aspects, aspect_edges(), w / h);
    ++stats.centres[cell(box.y)][cell(box.x)];
}

/// One image as the only one of its split.
SplitStats stats_of(const Examined& pair, int imgsz) {
    SplitStats stats;
    stats.images = 1;
    stats.backgrounds = pair.background;
    stats.unusable_images = !pair.usable;
    if (pair.width > 0 && pair.height > 0) ++stats.image_sizes[{pair.width, pair.height}];
    if (!pair.usable || pair.width <= 0 || pair.height <= 0) return stats;
    for (const Box& box : pair.boxes) count_box(stats, box, pair.width, pair.height, imgsz);
    for (auto& [cls, count] : stats.classes) count.images = 1;
    ++stats.boxes_per_image[std::min(pair.boxes.size(), SplitStats::max_boxes_told)];
    return stats;
}

/// The parallel pass: each thread counts for itself.
class Pass {
 public:
    Pass(const Dataset& dataset, const StatsOptions& options, const Progress& progress)
        : dataset_(dataset),
          options_(options),
          progress_(progress),
          gate_(options.max_memory),
          workers_([this] { return Worker(dataset_, examine_options(), &gate_); }) {}

    DatasetStats run() {
        Workers workers(options_.jobs);
        const tbb::blocked_range<std::size_t> all(0, dataset_.images.size(), block);
        workers.run([&] {
            tbb::parallel_for(
                all, [this](const tbb::blocked_range<std::size_t>& range) { count(range); },
                tbb::simple_partitioner());
        });
        DatasetStats sum;
        sum.splits.resize(dataset_.splits.size());
        sum.stopped = stopped_;
        for (const Worker& worker : workers_) {
            sum.total.add(worker.stats.total);
            for (std::size_t s = 0; s < sum.splits.size(); ++s)
                sum.splits[s].add(worker.stats.splits[s]);
        }
        return sum;
    }

 private:
    struct Worker {
        Examiner examiner;
        Examined examined;
        DatasetStats stats;
        Worker(const Dataset& dataset, const ExamineOptions& options, MemoryGate* gate)
            : examiner(dataset, options, gate) {
            stats.splits.resize(dataset.splits.size());
        }
    };

    // In any case, an exception too: other threads may wait for the share.
    struct Release {
        Worker& worker;
        ~Release() { worker.examiner.release(worker.examined); }
    };

    ExamineOptions examine_options() const {
        ExamineOptions wanted;
        wanted.max_pixels = options_.max_pixels;
        wanted.imgsz = options_.imgsz;
        wanted.hash = false;
        wanted.header_only = true;
        wanted.max_image_bytes = std::min(wanted.max_image_bytes, options_.max_memory);
        return wanted;
    }

    void count(const tbb::blocked_range<std::size_t>& range) {
        if (stopped_) return;
        Worker& worker = workers_.local();
        for (std::size_t i = range.begin(); i < range.end(); ++i) {
            const ImageRef& image = dataset_.images[i];
            const Release release{worker};
            worker.examiner.examine(image, worker.examined);
            const SplitStats stats = stats_of(worker.examined, options_.imgsz);
            worker.stats.total.add(stats);
            for (std::size_t s = 0; s < worker.stats.splits.size(); ++s)
                if ((image.splits >> s & 1U) != 0) worker.stats.splits[s].add(stats);
        }
        const std::scoped_lock lock(told_);
        done_ += range.size();
        if (progress_ && !progress_(done_, dataset_.images.size())) stopped_ = true;
    }

    const Dataset& dataset_;
    const StatsOptions& options_;
    const Progress& progress_;
    MemoryGate gate_;
    std::mutex told_;
    std::uint64_t done_ = 0;
    std::atomic<bool> stopped_ = false;
    tbb::enumerable_thread_specific<Worker> workers_;
};

}  // namespace

void SplitStats::add(const SplitStats& other) {
    images += other.images;
    backgrounds += other.backgrounds;
    unusable_images += other.unusable_images;
    boxes += other.boxes;
    for (const auto& [cls, count] : other.classes) {
        classes[cls].boxes += count.boxes;
        classes[cls].images += count.images;
    }
    for (const auto& [n, count] : other.boxes_per_image) boxes_per_image[n] += count;
    yolodata::add(source_areas, other.source_areas);
    yolodata::add(imgsz_areas, other.imgsz_areas);
    for (std::size_t i = 0; i < sides.size(); ++i) sides[i] += other.sides[i];
    for (std::size_t i = 0; i < aspects.size(); ++i) aspects[i] += other.aspects[i];
    for (std::size_t y = 0; y < grid; ++y)
        for (std::size_t x = 0; x < grid; ++x) centres[y][x] += other.centres[y][x];
    for (const auto& [size, count] : other.image_sizes) image_sizes[size] += count;
}

DatasetStats dataset_stats(const Dataset& dataset, const StatsOptions& options,
                           const Progress& progress) {
    if (options.jobs < 1) throw Error(ErrorKind::invalid_argument, "jobs must be 1 or more");
    return Pass(dataset, options, progress).run();
}

}  // namespace yolodata
