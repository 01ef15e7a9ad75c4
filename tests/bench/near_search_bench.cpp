// SPDX-License-Identifier: Apache-2.0
// Finding near copies among N synthetic hashes, a fifth of them near to an earlier one: time, and how
// many were found. Run under /usr/bin/time -v for the peak memory.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>

#include "near_search.hpp"

namespace {

using namespace yolodata;

struct Synthetic {
    std::vector<PerceptualHash> queries;
    std::vector<std::uint64_t> hashes;
    explicit Synthetic(std::size_t count) {
        std::mt19937_64 random(1);
        queries.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            for (std::uint64_t& turned : queries[i].turned) turned = random();
            if (i % 5 == 4) {
                // A turned copy with up to four bits over.
                std::uint64_t near = queries[random() % i].turned[0];
                for (int flips = 0; flips < 4; ++flips) near ^= std::uint64_t{1} << random() % 64;
                queries[i].turned[random() % 8] = near;
            }
            hashes.push_back(queries[i].turned[0]);
        }
    }
};

void near_search(benchmark::State& state) {
    const Synthetic set(static_cast<std::size_t>(state.range(0)));
    std::size_t found = 0;
    for (auto _ : state) {
        std::vector<std::uint8_t> near(set.queries.size(), 0);
        search_near({set.hashes, set.queries, 8, static_cast<int>(state.range(1))},
                    [&](std::uint32_t q, std::uint32_t i) {
                        if (i < q) near[q] = 1;
                        return i < q && near[q] == 0;
                    });
        found = static_cast<std::size_t>(std::count(near.begin(), near.end(), 1));
    }
    state.counters["found"] = static_cast<double>(found);
    state.counters["hashes/s"] = benchmark::Counter(
        static_cast<double>(state.range(0) * state.iterations()), benchmark::Counter::kIsRate);
}

}  // namespace

BENCHMARK(near_search)
    ->ArgNames({"hashes", "bits"})
    ->ArgsProduct({{10'000, 100'000, 1'000'000}, {4}})
    ->Args({1'000'000, 0})
    ->Args({1'000'000, 8})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->MeasureProcessCPUTime();
BENCHMARK_MAIN();
