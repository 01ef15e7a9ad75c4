// SPDX-License-Identifier: Apache-2.0
// Reading raw records into a batch, against memcpy of the same bytes: one core, everything in the
// page cache. The set (256 pictures of 640 x 640) is made in $TMPDIR. Compare within one run only.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "random_set.hpp"
#include "yolodata/shard/reader.hpp"

namespace {

using namespace yolodata::shard;

using bench::picture_bytes;
constexpr std::uint64_t records = 256, batch = 16;

/// The set, made once a process and removed at its end.
class Set {
 public:
    Set() : dir_((std::filesystem::temp_directory_path() / "yolo-reader-bench-XXXXXX").string()) {
        if (::mkdtemp(dir_.data()) == nullptr) ::abort();
        bench::write_random_set(dir_, records);
    }
    ~Set() { std::filesystem::remove_all(dir_); }
    const std::string& dir() const { return dir_; }

 private:
    std::string dir_;
};

const Set& the_set() {
    static const Set set;
    return set;
}

std::vector<std::uint64_t> order(bool random) {
    std::vector<std::uint64_t> numbers(records);
    std::iota(numbers.begin(), numbers.end(), 0);
    if (random) std::shuffle(numbers.begin(), numbers.end(), std::mt19937(7));
    return numbers;
}

std::vector<std::byte>& batch_buffer() {
    static std::vector<std::byte> buffer(batch * picture_bytes, std::byte{1});
    return buffer;
}

/// The limit: the same bytes from memory of our own.
void copy_memory(benchmark::State& state) {
    static const std::vector<std::byte> source(records * picture_bytes, std::byte{7});
    auto& to = batch_buffer();
    std::uint64_t n = 0;
    for (auto _ : state) {
        std::memcpy(to.data() + n % batch * picture_bytes,
                    source.data() + n % records * picture_bytes, picture_bytes);
        benchmark::ClobberMemory();
        ++n;
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(n * picture_bytes));
}

void read_records(benchmark::State& state, IoMode io, bool verify, bool random) {
    ReadOptions options;
    options.io = io;
    options.verify_checksum = verify;
    const ShardSet set(the_set().dir(), "train", options);
    const auto numbers = order(random);
    auto& to = batch_buffer();
    const auto slot = [&](std::uint64_t n) {
        return std::span(to).subspan(n % batch * picture_bytes, picture_bytes);
    };
    for (const std::uint64_t number : numbers)  // warm: in the page cache and in the mapping
        if (!set.read_into(number, slot(number))) state.SkipWithError("a record is bad");
    std::uint64_t n = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(set.read_into(numbers[n % records], slot(n)));
        benchmark::ClobberMemory();
        ++n;
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(n * picture_bytes));
}

BENCHMARK(copy_memory);
BENCHMARK_CAPTURE(read_records, mmap_checked, IoMode::mmap, true, false);
BENCHMARK_CAPTURE(read_records, mmap_checked_random, IoMode::mmap, true, true);
BENCHMARK_CAPTURE(read_records, mmap_unchecked, IoMode::mmap, false, false);
BENCHMARK_CAPTURE(read_records, mmap_unchecked_random, IoMode::mmap, false, true);
BENCHMARK_CAPTURE(read_records, pread_checked, IoMode::pread, true, false);
BENCHMARK_CAPTURE(read_records, pread_checked_random, IoMode::pread, true, true);
BENCHMARK_CAPTURE(read_records, pread_unchecked, IoMode::pread, false, false);
BENCHMARK_CAPTURE(read_records, direct_checked, IoMode::direct, true, false);

}  // namespace

BENCHMARK_MAIN();
