// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "common/command_line.hpp"
#include "yolotrain/model/weights.hpp"

// What val and predict share.

namespace tools {

/// For --version: the libraries that a command over libtrain runs on.
void name_train_libraries();

/// Adds --device, and accepts what Ultralytics users pass and what has no meaning here.
void add_device_option(CommandLine& line, std::string* device);
void accept_ultralytics_keys(CommandLine& line);

/// Says on stderr which keys were ignored.
void note_ignored(const CommandLine& line, bool quiet);

/// Says on stderr that OMP_NUM_THREADS asks for more threads than there are CPUs.
void note_crowded_threads(const CommandLine& line, bool quiet);

/// Before anything of LibTorch is used: it gets every CPU that this process may use, or as many threads as
/// OMP_NUM_THREADS says, and its tensors the arena.
void set_up_libtorch();

/// imgsz, or where it is 0 the weights' own, rounded up to a multiple of 32 (which is said on
/// stderr).
int network_size(int imgsz, const yolotrain::WeightsInfo& info, const std::string& program);

/// Class names of weights; numbers where they carry none.
std::vector<std::string> class_names(const yolotrain::LoadedWeights& weights);

/// The last component: what a report calls a file, so that no user's folders get into it.
std::string file_name(const std::string& path);

}  // namespace tools
