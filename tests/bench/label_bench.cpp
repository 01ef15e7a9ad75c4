// SPDX-License-Identifier: Apache-2.0
// Judging label rows, on one core: files of eight rows as data sets have them, and one of 100,000 rows.
// label_numpy.py times numpy on the same rows.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <random>
#include <string>

#include "label_check.hpp"

namespace {

using namespace yolodata;

std::string rows(int count) {
    std::mt19937 random(1);
    std::uniform_real_distribution<double> unit(0, 1);
    std::string text;
    char line[80];
    for (int i = 0; i < count; ++i) {
        const double w = 0.05 + 0.2 * unit(random), h = 0.05 + 0.2 * unit(random);
        std::snprintf(line, sizeof line, "%d %.6f %.6f %.6f %.6f\n", static_cast<int>(random() % 80),
                      w / 2 + (1 - w) * unit(random), h / 2 + (1 - h) * unit(random), w, h);
        text += line;
    }
    return text;
}

void judge_label(benchmark::State& state) {
    const std::string text = rows(static_cast<int>(state.range(0)));
    LabelContext context;
    context.class_count = 80;
    context.width = 640, context.height = 480;
    LabelChecker checker;
    LabelOutcome outcome;
    for (auto _ : state) {
        checker.check(std::as_bytes(std::span(text)), context, outcome);
        benchmark::DoNotOptimize(outcome.boxes.data());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

}  // namespace

BENCHMARK(judge_label)->Arg(8)->Arg(100'000);
BENCHMARK_MAIN();
