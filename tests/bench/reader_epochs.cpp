// SPDX-License-Identifier: Apache-2.0
// Reads a raw split for some epochs and says what it cost:
//   reader_epochs make DIR MIB                    a set of random pictures of 640 x 640
//   reader_epochs read DIR IO EPOCHS [random] [ahead] [behind] [unchecked] [hold] [threads=N]
// ahead: a thread reads ahead. behind: pages are given back. Memory is that of /proc/self: anon is
// the process's own, pss its share of what is shared with others.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <random>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "random_set.hpp"
#include "yolodata/shard/reader.hpp"

namespace {

using namespace yolodata::shard;

using bench::picture_bytes;
constexpr std::uint64_t batch = 16, ahead = 24;

int make(const std::string& dir, std::uint64_t mib) {
    std::filesystem::create_directories(dir);
    bench::write_random_set(dir, (mib << 20) / picture_bytes);
    return 0;
}

/// MiB of a field of /proc/self/FILE.
double memory(const char* file, const std::string& field) {
    std::ifstream in(std::string("/proc/self/") + file);
    for (std::string line; std::getline(in, line);)
        if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) / 1024;
    return 0;
}

int read(const std::string& dir, const std::string& io, int epochs,
         const std::set<std::string>& flags, int threads) {
    ReadOptions options;
    options.io = parse_io_mode(io).value();
    options.drop_behind = flags.contains("behind");
    options.verify_checksum = !flags.contains("unchecked");
    const ShardSet set(dir, "train", options);
    std::vector<std::byte> buffer(static_cast<std::size_t>(threads) * batch * picture_bytes);
    std::vector<std::uint64_t> order(set.size());
    std::iota(order.begin(), order.end(), 0);
    for (int epoch = 0; epoch < epochs; ++epoch) {
        if (flags.contains("random"))
            std::shuffle(order.begin(), order.end(), std::mt19937(static_cast<unsigned>(epoch)));
        const auto start = std::chrono::steady_clock::now();
        std::atomic<std::uint64_t> next{0}, bad{0};
        std::vector<std::jthread> readers;
        for (int t = 0; t < threads; ++t)
            readers.emplace_back([&, t] {
                for (std::uint64_t n; (n = next++) < order.size();) {
                    const std::size_t slot = static_cast<std::size_t>(t) * batch + n % batch;
                    bad += !set.read_into(
                        order[n], std::span(buffer).subspan(slot * picture_bytes, picture_bytes));
                }
            });
        if (flags.contains("ahead"))
            readers.emplace_back([&] {
                for (std::uint64_t n = 0; n < order.size(); ++n) {
                    while (n > next + ahead)
                        std::this_thread::sleep_for(std::chrono::microseconds(200));
                    if (n > next) set.prefetch(order[n], 1);
                }
            });
        readers.clear();
        const double seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        struct rusage usage;
        ::getrusage(RUSAGE_SELF, &usage);
        // Others come to their end too, so that what is shared is mapped by all.
        if (flags.contains("hold") && epoch + 1 == epochs)
            std::this_thread::sleep_for(std::chrono::seconds(4));
        std::printf(
            "%-6s epoch %d: %6.0f MB/s, bad %llu, anon %.1f MiB, file %.0f MiB, pss %.0f MiB, "
            "virtual %.0f MiB, major faults %ld, ends as %s\n",
            io.c_str(), epoch + 1, static_cast<double>(set.size() * picture_bytes) / 1e6 / seconds,
            static_cast<unsigned long long>(bad), memory("status", "RssAnon"),
            memory("status", "RssFile"), memory("smaps_rollup", "Pss"), memory("status", "VmSize"),
            usage.ru_majflt,
            set.io_mode(0) == IoMode::mmap    ? "mmap"
            : set.io_mode(0) == IoMode::pread ? "pread"
                                              : "direct");
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 3 && words[0] == "make") return make(words[1], std::stoull(words[2]));
    if (words.size() < 4 || words[0] != "read" || !parse_io_mode(words[2])) {
        std::fprintf(stderr,
                     "reader_epochs make DIR MIB | read DIR IO EPOCHS [random] [ahead] [behind] "
                     "[unchecked] [hold] [threads=N]\n");
        return 2;
    }
    int threads = 1;
    for (const std::string& word : words)
        if (word.starts_with("threads=")) threads = std::stoi(word.substr(8));
    return read(words[1], words[2], std::stoi(words[3]), {words.begin() + 4, words.end()}, threads);
}
