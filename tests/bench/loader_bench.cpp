// SPDX-License-Identifier: Apache-2.0
// loader_bench SHARDS IMGSZ BATCH STEPS [ROUNDS]: images per second of the training loader alone, from files that are
// not in the page cache (cold) and that are (warm), for each way of reading, with and without reading ahead, turn by
// turn. Two workers; the page cache is emptied of the set's own files only.
#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <opencv2/core/utility.hpp>
#include <string>
#include <vector>

#include "yolodata/shard/set_index.hpp"
#include "yolotrain/data/loader.hpp"

using namespace yolotrain;
using yolodata::shard::IoMode;
using yolodata::shard::ShardSet;

namespace {

void forget(const std::string& dir) {
    for (const auto& shard : yolodata::shard::read_set_index(dir).shards) {
        const int fd = ::open((dir + "/" + shard.file).c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ::fdatasync(fd);
        ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        ::close(fd);
    }
}

/// Brings the files into the page cache.
void recall(const std::string& dir) {
    std::vector<char> piece(std::size_t{1} << 20);
    for (const auto& shard : yolodata::shard::read_set_index(dir).shards) {
        const int fd = ::open((dir + "/" + shard.file).c_str(), O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && ::read(fd, piece.data(), piece.size()) > 0) {
        }
        if (fd >= 0) ::close(fd);
    }
}

struct Way {
    const char* name;
    IoMode io;
    bool ahead, drop;
};

void run(const std::string& dir, LoaderOptions options, int steps, const Way& way, bool cold) {
    (cold ? forget : recall)(dir);
    options.read_ahead_bytes = way.ahead ? options.read_ahead_bytes : 0;
    options.drop_behind = way.drop;
    const auto shards = std::make_shared<const ShardSet>(dir, "train", yolodata::shard::ReadOptions{.io = way.io});
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu = std::clock();
    TrainLoader loader(shards, std::make_shared<Quarantine>(), options);
    std::int64_t images = 0;
    for (std::int64_t step = 0; step < steps; ++step) {
        images += loader.batch(step / loader.steps(), step % loader.steps()).images.size(0);
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double cpu_ms = 1e3 * static_cast<double>(std::clock() - cpu) / CLOCKS_PER_SEC;
    std::printf("%-4s %-22s %7.1f img/s  %5.2f CPU ms an image\n", cold ? "cold" : "warm", way.name,
                static_cast<double>(images) / seconds.count(), cpu_ms / static_cast<double>(images));
    std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) return std::puts("usage: loader_bench SHARDS IMGSZ BATCH STEPS [ROUNDS]"), 2;
    cv::setNumThreads(1);
    LoaderOptions options;
    options.imgsz = std::atoi(argv[2]);
    options.batch = std::atoi(argv[3]);
    options.workers = 2;
    const int steps = std::atoi(argv[4]), rounds = argc > 5 ? std::atoi(argv[5]) : 3;
    constexpr Way ways[] = {{"mmap", IoMode::mmap, false, false},
                            {"mmap, ahead", IoMode::mmap, true, false},
                            {"mmap, ahead, drop", IoMode::mmap, true, true},
                            {"pread", IoMode::pread, false, false},
                            {"pread, ahead", IoMode::pread, true, false},
                            {"direct", IoMode::direct, false, false}};
    for (int round = 0; round < rounds; ++round) {
        for (const bool cold : {true, false}) {
            for (const Way& way : ways) run(argv[1], options, steps, way, cold);
        }
    }
}
