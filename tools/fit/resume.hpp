// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "fit/options.hpp"
#include "yolotrain/run/run_folder.hpp"
#include "yolotrain/run/train_state.hpp"

namespace tools {

/// The run to continue: its folder, locked, and the checkpoint to go on from (none: it starts there).
struct Continued {
    yolotrain::RunFolder folder;
    std::optional<yolotrain::StateImage> from;
};

/// Finds what --resume asks for. Nothing: nothing is to be continued, or the run's
/// folder is not there yet. Says which damaged checkpoints
/// it passed over. Throws Error(not_found) where --resume=RUN has nothing to go on from.
std::optional<Continued> find_run(const FitOptions& options, const ResumeRequest& request);

/// Takes over the run's own options, but for those given now; settle() comes after it.
void take_over(FitOptions& options, CommandLine& line, const yolotrain::StateImage& from);

/// Says which options are others than the run's so far. Throws UsageError for one that cannot change in the
/// middle of a run.
void compare_options(const FitOptions& options, const yolotrain::StateImage& from);

}  // namespace tools
