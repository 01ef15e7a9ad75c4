// SPDX-License-Identifier: Apache-2.0
// train_loop_bench SHARDS IMGSZ BATCH STEPS [bf16]: images per second of training steps with the loader, and with
// the same batch again and again, turn by turn. The ratio is what the loader leaves of the network's speed.
#include <ATen/Parallel.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <opencv2/core/utility.hpp>

#include "run/precision_check.hpp"
#include "run/train_step.hpp"
#include "yolotrain/data/class_names.hpp"
#include "yolotrain/data/loader.hpp"
#include "yolotrain/memory/tensor_memory.hpp"

using namespace yolotrain;

namespace {

double rate(TrainState& state, int steps, int batch, const std::function<Batch(int)>& batch_of) {
    const auto start = std::chrono::steady_clock::now();
    for (int step = 0; step < steps; ++step) {
        commit(state, run_step(state.model, batch_of(step), {}));
        optimizer_step(state);
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return steps * batch / seconds.count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 5) return std::puts("usage: train_loop_bench SHARDS IMGSZ BATCH STEPS [bf16]"), 2;
    setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2047 << 20);
    use_tensor_arena();
    const int cpus = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
    at::set_num_threads(cpus);
    cv::setNumThreads(1);
    LoaderOptions options;
    options.imgsz = std::atoi(argv[2]);
    options.batch = std::atoi(argv[3]);
    options.workers = std::min(8, cpus);
    const int steps = std::atoi(argv[4]);
    const auto shards = std::make_shared<const yolodata::shard::ShardSet>(argv[1], "train");
    const auto nc = static_cast<std::int64_t>(class_names(*shards).size());
    TrainState state = fresh_state(YoloV8(Scale::n, nc), OptimizerKind::adamw, 5e-4, "cpu");
    compute_in(state, argc > 5 && std::strcmp(argv[5], "bf16") == 0 ? Precision::bfloat16 : Precision::float32);
    // Its own loader each time: with the same batch again and again no worker may run beside.
    const auto with_loader = [&](int count) {
        TrainLoader loader(shards, std::make_shared<Quarantine>(), options);
        const std::int64_t whole = std::max<std::int64_t>(loader.steps() - 1, 1);  // the last batch may be smaller
        return rate(state, count, options.batch, [&](int step) { return loader.batch(step / whole, step % whole); });
    };
    const auto without = [&](int count) {
        LoaderOptions alone = options;
        alone.workers = 0;
        const Batch same = TrainLoader(shards, std::make_shared<Quarantine>(), alone).batch(0, 0);
        return rate(state, count, options.batch, [&](int) { return same; });
    };
    with_loader(3);
    for (int round = 0; round < 3; ++round) {
        const double a = with_loader(steps), b = without(steps);
        std::printf("with the loader %.2f img/s, the same batch %.2f img/s: %.1f %%\n", a, b, 100 * a / b);
        std::fflush(stdout);
    }
}
