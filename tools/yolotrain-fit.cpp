// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <malloc.h>

#include <cstdlib>
#include <opencv2/core/utility.hpp>
#include <optional>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "fit/batch.hpp"
#include "fit/data.hpp"
#include "fit/options.hpp"
#include "fit/reading.hpp"
#include "fit/resume.hpp"
#include "fit/signals.hpp"
#include "fit/talk.hpp"
#include "inference/setup.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolotrain/memory/tensor_memory.hpp"
#include "yolotrain/run/args_file.hpp"
#include "yolotrain/run/trainer.hpp"

namespace {

using tools::FitOptions;

/// Tensors live in an arena; what is left to malloc of large blocks (oneDNN's scratch, pictures of the loader) is
/// taken and given back by every step too. Kept in the heap it is reused instead of coming back as pages to be
/// cleared.
void tune_memory() {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2047 << 20);
    mallopt(M_TOP_PAD, 64 << 20);
}

/// LibTorch 1.13 leaves AVX-512 aside unless it is told; later ones decide for themselves.
void allow_avx512() {
#if defined(__x86_64__)
    const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                     __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (has) setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
#endif
}

void use_threads(int threads) {
    at::set_num_threads(threads);
    cv::setNumThreads(1);  // the loader's threads are the parallelism
}

/// Where the run is written, and from where it goes on.
yolotrain::RunFolder open_folder(const FitOptions& options, std::optional<tools::Continued>& continued,
                                 const tools::ResumeRequest& request) {
    if (continued) {
        if (!continued->from) continued->folder.clear();
        return std::move(continued->folder);
    }
    if (!request.wanted && !options.exist_ok) return yolotrain::RunFolder::create_next(options.project, options.name);
    auto folder = yolotrain::RunFolder::open(options.project + "/" + options.name);
    folder.clear();
    return folder;
}

int exit_code(yolotrain::Outcome outcome, const yolotrain::StopFlag& stop) {
    return outcome == yolotrain::Outcome::stopped ? 128 + stop.signal() : tools::exit_done;
}

int fit(int argc, char** argv) {
    FitOptions options;
    tools::CommandLine line = tools::fit_command_line(options);
    line.parse(argc, argv);
    if (!options.config.empty()) tools::apply_config(line, options.config);
    tools::note_ignored(line, options.quiet);
    if (!tools::names_threads(options, line)) tools::note_crowded_threads(line, options.quiet);

    const tools::ResumeRequest request = tools::resume_request(options, line);
    std::optional<tools::Continued> continued = tools::find_run(options, request);
    const yolotrain::StateImage* from = continued && continued->from ? &*continued->from : nullptr;
    if (from != nullptr) {
        tools::take_over(options, line, *from);
        tools::keep_batch(options, *from);
    }
    tools::settle(options, line, from != nullptr);
    if (from != nullptr) tools::compare_options(options, *from);
    if (from != nullptr && yolotrain::is_finished(*from, options.train.schedule.epochs, options.train.patience)) {
        if (!options.quiet) {
            fmt::print(stderr, "yolotrain fit: {} has done its {} epochs: nothing to do\n", continued->folder.path(),
                       from->counters.epoch);
        }
        return tools::exit_done;
    }

    use_threads(options.threads);
    yolotrain::StopFlag stop;
    const tools::SignalThread signals(stop);
    const yolotrain::TrainData data = tools::open_data(options, stop);
    tools::settle_batch(options, line, data);
    tools::settle_reading(options, *data.train);
    const yolotrain::RunFolder folder = open_folder(options, continued, request);
    tools::FitTalk talk(options.train.schedule.epochs, options.quiet);
    yolotrain::Trainer trainer(options.train, data, folder, stop, talk, from);
    yolodata::write_file_atomically(folder.args(), yolotrain::args_yaml(options.train.args));
    talk.begin(trainer, options.train, folder.path(), from != nullptr);
    const yolotrain::Outcome outcome = trainer.run();
    talk.end(trainer, folder, outcome);
    return exit_code(outcome, stop);
}

}  // namespace

int main(int argc, char** argv) {
    tools::block_stop_signals();
    tune_memory();
    yolotrain::use_tensor_arena();
    allow_avx512();
    tools::name_train_libraries();
    return tools::run_command("yolotrain fit", [&] {
        try {
            return fit(argc, argv);
        } catch (const tools::StoppedBefore& stopped) {
            return 128 + stopped.signal;
        }
    });
}
