// SPDX-License-Identifier: Apache-2.0
// pack_bench DATA SCRATCH [IMGSZ]: user CPU time of what packing raw must do at least (read and decode, resize, write) for
// every image of the first split, one thread, beside that of the whole of pack() with one job: the share that is not overhead.
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <utility>

#include "yolodata/augment/resize.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/pack/pack.hpp"

namespace {

using namespace yolodata;

/// In user space: what the kernel takes for a write depends on who else writes.
double cpu_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_utime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

struct Parts {
    double decode = 0, resize = 0, write = 0;
    double sum() const { return decode + resize + write; }
};

Parts measure_parts(const Dataset& dataset, const std::string& scratch, int imgsz) {
    Parts parts;
    AtomicFile file(scratch + "/parts");
    for (const std::uint32_t number : dataset.splits.at(0).images) {
        const ImageRef& image = dataset.images[number];
        double start = cpu_seconds();
        Picture picture = decode(read_file(dataset.absolute(image.path)));
        parts.decode += cpu_seconds() - start, start = cpu_seconds();
        picture = resize_to_long_side(std::move(picture), imgsz);
        parts.resize += cpu_seconds() - start, start = cpu_seconds();
        file.write(std::as_bytes(std::span(picture.rgb)));
        parts.write += cpu_seconds() - start;
    }
    return parts;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::puts("usage: pack_bench DATA SCRATCH [IMGSZ]"), 2;
    cv::setNumThreads(1);
    const std::string scratch = argv[2];
    std::filesystem::create_directories(scratch);
    const Dataset dataset = open_dataset(argv[1]);
    pack::PackOptions options;
    options.set.imgsz = argc > 3 ? std::atoi(argv[3]) : 640;
    options.overwrite = true;
    options.splits = {dataset.splits.at(0).name};
    for (int run = 0; run < 3; ++run) {
        const Parts parts = measure_parts(dataset, scratch, options.set.imgsz);
        const double start = cpu_seconds();
        pack::pack(dataset, scratch + "/out", options);
        const double whole = cpu_seconds() - start;
        const auto n = static_cast<double>(dataset.splits.at(0).images.size());
        std::printf("%.0f images: decode %.2f, resize %.2f, write %.2f ms an image, together %.2f; pack %.2f ms: %.0f %%\n", n,
                    parts.decode / n * 1e3, parts.resize / n * 1e3, parts.write / n * 1e3, parts.sum() / n * 1e3,
                    whole / n * 1e3, 100 * parts.sum() / whole);
    }
}
