// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "common/command_line.hpp"
#include "yolotrain/run/train_options.hpp"

namespace tools {

/// What `yolotrain fit` was asked for.
struct FitOptions {
    yolotrain::TrainOptions train;
    std::string data, shards;              ///< a shard set, or a data.yaml and where its shards go
    std::string val_data;                  ///< what is validated on; empty: the split val of `data`
    std::string io = "auto";               ///< how shards are read
    std::string model;                     ///< empty: the weights' own, else yolov8n
    std::string optimizer = "auto", device = "auto", amp = "auto";
    std::string project = "runs", name = "exp", config;
    std::string resume;                    ///< text of --resume; see resume_request()
    bool exist_ok = false, quiet = false;
    int threads = 1;
    int jobs = 1;  ///< threads that pack: --threads, else the CPUs that it may use
    ByteSize max_memory;                   ///< 0 = a share of the tightest limit
};

inline bool wants_auto_batch(const FitOptions& options) { return options.train.schedule.batch < 0; }

/// The option table of fit. Its entries point into `options`, which must outlive it.
CommandLine fit_command_line(FitOptions& options);

/// Whether a run is to be continued, and which.
struct ResumeRequest {
    bool wanted = false;
    std::string run;  ///< folder of --resume=RUN; empty: PROJECT/NAME
};
ResumeRequest resume_request(const FitOptions& options, const CommandLine& line);

/// Whether --threads or a config file says the number of threads, not OMP_NUM_THREADS or the machine.
bool names_threads(const FitOptions& options, const CommandLine& line);

/// Applies a config file's keys (options given on the command line stay). Throws UsageError with a "did you
/// mean" for a key that is unknown, or Error where the file cannot be read or is no flat table.
void apply_config(CommandLine& line, const std::string& path);

/// Fills options.train from the texts (model, optimizer, device) and checks what the table cannot; rounds
/// imgsz up to a multiple of 32, which is said on stderr. Of a run that goes on (`resuming`) the weights that it
/// began with need not be there any more. Throws UsageError or Error.
void settle(FitOptions& options, const CommandLine& line, bool resuming);

/// The options that make a run what it is, as text, in the table's order.
yolotrain::Args run_args(const CommandLine& line);

}  // namespace tools
