// SPDX-License-Identifier: Apache-2.0
#include "inference/setup.hpp"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <tbb/version.h>
#include <torch/version.h>

#include <filesystem>
#include <opencv2/core/utility.hpp>

#include "common/progress.hpp"
#include "yolotrain/memory/tensor_memory.hpp"

namespace tools {

void name_train_libraries() {
    set_library_versions({{"LibTorch", TORCH_VERSION},
                          {"OpenCV", cv::getVersionString()},
                          {"OpenSSL", OpenSSL_version(OPENSSL_VERSION)},
                          {"TBB", TBB_runtime_version()}});
}

void add_device_option(CommandLine& line, std::string* device) {
    Option& option = line.option("device", device, "cpu|auto", "where the network runs");
    option.choices = {"cpu", "auto"};
    option.aliases = {{"None", "auto"}};
}

void accept_ultralytics_keys(CommandLine& line) {
    line.ignore_keys({"task",          "mode",      "amp",        "half",          "dnn",
                      "plots",         "verbose",   "save_json",  "save_crop",     "show",
                      "show_labels",   "show_conf", "show_boxes", "line_width",    "vid_stride",
                      "stream_buffer", "visualize", "augment",    "agnostic_nms",  "retina_masks",
                      "save_frames",   "compile",   "seed",       "deterministic", "single_cls",
                      "quantize"});
}

void note_ignored(const CommandLine& line, bool quiet) {
    if (quiet || line.ignored().empty()) return;
    fmt::print(stderr, "{}: ignored, without a meaning here: {}\n", line.program(),
               fmt::join(line.ignored(), ", "));
}

void note_crowded_threads(const CommandLine& line, bool quiet) {
    const std::string crowded = crowded_threads();
    if (!quiet && !crowded.empty()) fmt::print(stderr, "{}: {}\n", line.program(), crowded);
}

void set_up_libtorch() {
    yolotrain::use_tensor_arena();
    at::set_num_threads(network_threads());
}

int network_size(int imgsz, const yolotrain::WeightsInfo& info, const std::string& program) {
    const int wanted = imgsz > 0 ? imgsz : info.imgsz;
    const int rounded = (wanted + 31) / 32 * 32;
    if (rounded != wanted) {
        fmt::print(stderr, "{}: --imgsz {} is no multiple of 32; {} is used\n", program, wanted,
                   rounded);
    }
    return rounded;
}

std::vector<std::string> class_names(const yolotrain::LoadedWeights& weights) {
    std::vector<std::string> names = weights.info.names;
    for (auto k = static_cast<std::int64_t>(names.size()); k < weights.model.nc(); ++k) {
        names.push_back(fmt::format("class{}", k));
    }
    return names;
}

std::string file_name(const std::string& path) {
    const std::filesystem::path p(path);
    const std::filesystem::path name = p.has_filename() ? p.filename() : p.parent_path().filename();
    return name.empty() || name == "." ? path : name.string();
}

}  // namespace tools
