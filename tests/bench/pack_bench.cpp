// SPDX-License-Identifier: Apache-2.0
// pack_bench DATA SCRATCH (a folder that is emptied) [IMGSZ] [JOBS]: what packing the first split costs beside the sum of its parts, each over JOBS threads
// (2), codecs raw and jpeg, three rounds in turn. The parts, by definition:
//   plain    read, decode, resize, write (codec jpeg: read, strict check, write where the file can be taken as it is)
//   trusted  the same, and what makes a set trustworthy: SHA-256 of each source, XXH3 of each record, SHA-256 and fsync of
//            what was written
// Wall time counts; user and system time stand beside. Every thread of the parts writes a file of its own. What was written
// before is removed ahead of each measurement, and the disk at rest: how fast a file grows depends on what the kernel has to
// write back and on where it finds pages.
#include <fcntl.h>
#include <sys/resource.h>
#include <tbb/blocked_range.h>
#include <tbb/enumerable_thread_specific.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "yolodata/augment/resize.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/image/check.hpp"
#include "yolodata/image/decode.hpp"
#include "yolodata/image/encode.hpp"
#include "yolodata/pack/pack.hpp"
#include "yolodata/shard/writer.hpp"

namespace {

using namespace yolodata;
using Bytes = std::span<const std::byte>;

struct Cost {
    double wall = 0, cpu = 0;  ///< seconds
};

template <class Work>
Cost cost_of(const Work& work) {
    const auto cpu = [] {
        rusage u{};
        getrusage(RUSAGE_SELF, &u);
        return static_cast<double>(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + 1e-6 * static_cast<double>(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
    };
    const double cpu_before = cpu();
    const auto start = std::chrono::steady_clock::now();
    work();
    return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), cpu() - cpu_before};
}

/// Where one thread writes.
class Output {
   public:
    explicit Output(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {}
    Output(Output&& other) noexcept : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
    ~Output() {
        if (fd_ >= 0) ::close(fd_);
    }
    void write(Bytes bytes) {
        if (::write(fd_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) std::perror("write"), std::exit(3);
    }
    void sync_and_hash() {
        ::fsync(fd_);
        Sha256 hash;
        Folder(".").stream(path_, [&](Bytes piece) { hash.update(piece); });
    }

   private:
    std::string path_;
    int fd_;
};

class Parts {
   public:
    Parts(const Dataset& dataset, const shard::SetOptions& options, const std::string& scratch, int jobs)
        : dataset_(dataset), options_(options), scratch_(scratch), jobs_(jobs) {}

    void run(bool trusted) const {
        std::atomic<int> outputs = 0;
        tbb::enumerable_thread_specific<Output> files([&] { return Output(scratch_ + "/parts-" + std::to_string(outputs++)); });
        const auto& images = dataset_.splits.at(0).images;
        tbb::task_arena arena(jobs_);
        arena.execute([&] {
            tbb::parallel_for(tbb::blocked_range<std::size_t>(0, images.size(), 8), [&](const auto& range) {
                for (std::size_t i = range.begin(); i < range.end(); ++i)
                    one(dataset_.absolute(dataset_.images[images[i]].path), trusted, files.local());
            });
            if (trusted) tbb::parallel_for(files.range(1), [](const auto& range) { for (Output& file : range) file.sync_and_hash(); });
        });
    }

   private:
    void one(const std::string& path, bool trusted, Output& file) const {
        const std::vector<std::byte> source = read_file(path);
        if (trusted) sha256(source);
        const auto write = [&](Bytes bytes) {
            if (trusted) (void)shard::payload_checksum({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
            file.write(bytes);
        };
        if (options_.codec == "jpeg") {
            const ImageReport report = check_image(source, {.header_only = true});
            if (report.format == Format::jpeg && std::max(report.width, report.height) == options_.imgsz)
                return (void)check_image(source), write(source);
        }
        const Picture picture = resize_to_long_side(decode(source), options_.imgsz);
        if (options_.codec == "jpeg") return write(encode_jpeg(picture, options_.quality));
        write(std::as_bytes(std::span(picture.rgb)));
    }

    const Dataset& dataset_;
    const shard::SetOptions& options_;
    const std::string& scratch_;
    int jobs_;
};

void print(const char* name, const Cost& cost, std::size_t n, double whole) {
    std::printf("  %-8s %.3f ms wall, %.3f ms CPU an image", name, cost.wall / static_cast<double>(n) * 1e3, cost.cpu / static_cast<double>(n) * 1e3);
    std::printf(whole > 0 ? ": pack reaches %.0f %%\n" : "\n", 100 * cost.wall / whole);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return std::puts("usage: pack_bench DATA SCRATCH [IMGSZ] [JOBS]"), 2;
    cv::setNumThreads(1);
    const std::string scratch = argv[2];
    const Dataset dataset = open_dataset(argv[1]);
    pack::PackOptions options;
    options.set.imgsz = argc > 3 ? std::atoi(argv[3]) : 640;
    options.jobs = argc > 4 ? std::atoi(argv[4]) : 2;
    options.splits = {dataset.splits.at(0).name};
    const tbb::global_control threads(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(options.jobs));
    const std::size_t n = dataset.splits.at(0).images.size();
    for (int round = 0; round < 3; ++round) {
        for (const char* codec : {"raw", "jpeg"}) {
            options.set.codec = codec;
            const Parts parts(dataset, options.set, scratch, options.jobs);
            const auto alone = [&](const auto& work) {
                std::filesystem::remove_all(scratch);
                std::filesystem::create_directories(scratch);
                ::sync();
                return cost_of(work);
            };
            const Cost plain = alone([&] { parts.run(false); });
            const Cost whole = alone([&] { pack::pack(dataset, scratch + "/out", options); });
            const Cost trusted = alone([&] { parts.run(true); });
            std::printf("%s, %zu images, %d threads\n", codec, n, options.jobs);
            print("pack", whole, n, 0);
            print("plain", plain, n, whole.wall);
            print("trusted", trusted, n, whole.wall);
        }
    }
}
