// SPDX-License-Identifier: Apache-2.0
#include "fit/batch.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

#include "yolodata/core/memory_limit.hpp"
#include "yolotrain/data/class_names.hpp"
#include "yolotrain/data/kept_pictures.hpp"
#include "yolotrain/run/auto_batch.hpp"

namespace tools {

namespace {

constexpr int kMost = 16;  ///< more does not run faster on a CPU, and is Ultralytics' default
/// Of the program with its libraries and of what lies beside tensors: the loader's batches and threads, shards,
/// oneDNN's scratch. Pictures that the loader keeps are counted by themselves.
constexpr std::uint64_t kBeside = std::uint64_t{600} << 20;

struct Budget {
    std::uint64_t bytes;
    std::string source;
};

Budget budget_of(const FitOptions& options) {
    if (options.max_memory.bytes > 0) return {options.max_memory.bytes, "--max-memory"};
    const yolodata::MemoryLimit limit = yolodata::memory_limit();
    return {limit.bytes / 10 * 7, "70 % of " + limit.source};
}

int fitting_batch(const FitOptions& options, const yolotrain::TrainData& data) {
    const auto nc = static_cast<std::int64_t>(yolotrain::class_names(*data.train).size());
    const auto precision = yolotrain::precision_of(options.train.amp, options.train.device);
    const double largest = options.train.imgsz * (1 + options.train.multi_scale);
    const int side = static_cast<int>(std::ceil(largest / 32)) * 32;
    const yolotrain::StepMemory step = yolotrain::measure_step({options.train.scale, nc, side, precision});
    const Budget budget = budget_of(options);
    const auto kept = [&](int n) {
        yolotrain::LoaderOptions loader = yolotrain::plan_loader(options.train);
        loader.batch = n;
        return yolotrain::kept_picture_bytes(*data.train, loader);
    };
    const int batch =
        yolotrain::largest_batch(kMost, [&](int n) { return kBeside + kept(n) + step.of(n) <= budget.bytes; });
    if (!options.quiet) {
        fmt::print(stderr, "yolotrain fit: batch {}: a step takes {} MiB and {} MiB a picture of {} MiB ({})\n", batch,
                   (kBeside + kept(batch) + step.fixed) >> 20, step.per_picture >> 20, budget.bytes >> 20,
                   budget.source);
    }
    return batch;
}

}  // namespace

void keep_batch(FitOptions& options, const yolotrain::StateImage& from) {
    if (!wants_auto_batch(options)) return;
    for (const auto& [name, value] : from.args) {
        if (name == "batch") options.train.schedule.batch = std::stoi(value);
    }
}

void settle_batch(FitOptions& options, const CommandLine& line, const yolotrain::TrainData& data) {
    if (!wants_auto_batch(options)) return;
    options.train.schedule.batch = fitting_batch(options, data);
    options.train.args = run_args(line);
}

}  // namespace tools
