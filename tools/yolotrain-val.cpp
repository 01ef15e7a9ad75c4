// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "inference/setup.hpp"
#include "val/report.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolotrain/eval/validator.hpp"

namespace {

struct Options {
    std::string weights, data, split = "val", device = "auto", io = "auto", format = "text", output, curves;
    yolotrain::ValOptions val;
    int imgsz = 0;
    bool quiet = false;
};

Options parse(int argc, char** argv) {
    Options o;
    o.val.workers = std::min(8, tools::usable_cpus());
    tools::CommandLine line("yolotrain val",
                            "Measures the mAP of weights on a dataset or shard set.");
    line.group("What");
    line.option("weights", &o.weights, "FILE", "weights to measure (.safetensors, .pt)");
    line.option("data", &o.data, "SHARDS|data.yaml",
                "shard set, data.yaml or folder of a dataset; only read");
    line.option("split", &o.split, "NAME", "split to measure on");
    line.group("How");
    tools::Option& imgsz = line.option("imgsz", &o.imgsz, "N", "long side of the pictures, px");
    imgsz.default_text = "the weights' own";
    imgsz.min = 32, imgsz.max = 16384;
    tools::Option& batch = line.option("batch", &o.val.batch, "N", "pictures a batch");
    batch.min = 1, batch.max = 65536;
    tools::Option& conf = line.option("conf", &o.val.conf, "P", "least confidence of a detection");
    conf.min = 0, conf.max = 1;
    tools::Option& iou =
        line.option("iou", &o.val.iou, "R", "IoU over which NMS drops the weaker box");
    iou.min = 0, iou.max = 1;
    tools::Option& max_det = line.option("max-det", &o.val.max_det, "N", "detections a picture");
    max_det.min = 1, max_det.max = 30000;
    line.flag("coco", &o.val.coco, "also COCO's twelve numbers, as pycocotools computes them");
    line.flag("rect", &o.val.rect, "batches of like aspect ratio, padded no more than needed");
    tools::Option& workers =
        line.option("workers", &o.val.workers, "N", "threads that load pictures");
    workers.min = 0, workers.max = 1024;
    line.option("io", &o.io, "auto|mmap|pread|direct",
                "how the files of a shard set are read; direct: past the page cache")
        .choices = {"auto", "mmap", "pread", "direct"};
    tools::add_device_option(line, &o.device);
    line.group("Output");
    line.option("format", &o.format, "text|json", "form of the result").choices = {"text", "json"};
    line.option("output", &o.output, "FILE", "write the result there instead of to stdout");
    line.option("curves", &o.curves, "FILE", "write precision, recall, F1 and PR curves there, as JSON");
    line.flag("quiet", &o.quiet, "no progress and no remarks");
    tools::accept_ultralytics_keys(line);
    line.ignore_keys({"project", "name", "exist_ok", "save_txt", "save_conf", "save"});
    line.epilog(
        "Example: yolotrain val --weights runs/exp/weights/best.safetensors --data data.yaml "
        "--imgsz 640");
    line.parse(argc, argv);
    if (o.weights.empty()) throw tools::UsageError{"--weights is missing: the file to measure"};
    if (o.data.empty()) throw tools::UsageError{"--data is missing: a shard set or a data.yaml"};
    tools::note_ignored(line, o.quiet);
    tools::note_crowded_threads(line, o.quiet);
    return o;
}

std::string listed(const std::vector<std::string>& names) {
    constexpr std::size_t most = 12;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(names.size(), most); ++i)
        shown.push_back(yolodata::printable(names[i]));
    const std::string more = names.size() > most ? ", …" : "";
    return fmt::format("{} {} ({}{})", names.size(), names.size() == 1 ? "class" : "classes",
                       fmt::join(shown, ", "), more);
}

/// Names that were made up because the weights or the data carry none.
bool are_made_up(const std::vector<std::string>& names) {
    for (std::size_t k = 0; k < names.size(); ++k) {
        if (names[k] != fmt::format("class{}", k) && names[k] != fmt::format("class_{}", k)) {
            return false;
        }
    }
    return true;
}

/// Weights and data must mean the same by a class number.
void check_names(const std::vector<std::string>& weights, const std::vector<std::string>& data,
                 const Options& o) {
    if (data.empty() || data == weights) return;
    if (data.size() == weights.size() && (are_made_up(weights) || are_made_up(data))) return;
    std::string where;
    if (data.size() == weights.size()) {
        const auto k = static_cast<std::size_t>(
            std::mismatch(weights.begin(), weights.end(), data.begin()).first - weights.begin());
        where = fmt::format("; they differ first in class {}: '{}' and '{}'", k,
                            yolodata::printable(weights[k]), yolodata::printable(data[k]));
    }
    throw tools::UsageError{fmt::format("the weights {} know {}, the data {} has {}{}", o.weights,
                                        listed(weights), o.data, listed(data), where)};
}

void say(const std::string& message) {
    fmt::print(stderr, "yolotrain val: {}\n", message);
}

void tell_left_out(const std::vector<std::string>& left_out) {
    if (left_out.empty()) return;
    constexpr std::size_t most = 10;
    std::vector<std::string> shown;
    for (std::size_t i = 0; i < std::min(left_out.size(), most); ++i) {
        shown.push_back(yolodata::printable(left_out[i]));
    }
    say(fmt::format(
        "{} cannot be used and {} left out (yolodata verify says why): {}{}",
        left_out.size() == 1 ? "1 picture" : fmt::format("{} pictures", left_out.size()),
        left_out.size() == 1 ? "is" : "are", fmt::join(shown, ", "),
        left_out.size() > most ? ", …" : ""));
}

std::unique_ptr<yolotrain::EvalSource> open_source(const Options& o,
                                                   std::vector<std::string>& left_out) {
    std::optional<tools::Progress> progress;  // a shard set is open at once
    const auto check = [&](std::size_t done, std::size_t total) {
        tools::stop_if_interrupted();
        if (!progress) progress.emplace("check", "images", total, o.quiet);
        progress->update(done);
    };
    yolodata::shard::ReadOptions how;
    how.io = yolodata::shard::parse_io_mode(o.io).value_or(how.io);
    return yolotrain::open_eval_source(o.data, o.split, o.val.workers, &left_out, check, how);
}

int run(const Options& o) {
    tools::set_up_libtorch();
    const yolotrain::LoadedWeights weights = yolotrain::load_weights(o.weights);
    tools::ValReport report;
    const auto source = open_source(o, report.left_out);
    const std::vector<std::string> names = tools::class_names(weights);
    check_names(names, source->names(), o);

    yolotrain::ValOptions options = o.val;
    options.imgsz = tools::network_size(o.imgsz, weights.info, "yolotrain val");
    tools::Progress progress("val", "images", source->size(), o.quiet);
    report.result = yolotrain::validate(weights.model, *source, names, options,
                                        [&](std::size_t done, std::size_t) {
                                            tools::stop_if_interrupted();
                                            progress.update(done);
                                        });
    progress.finish();

    const yolotrain::ValResult& result = report.result;
    report.left_out.insert(report.left_out.end(), result.unreadable.begin(),
                           result.unreadable.end());
    tell_left_out(report.left_out);
    if (result.images == 0) {
        throw yolodata::Error(
            yolodata::ErrorKind::not_found,
            fmt::format("split '{}' of {} has no picture that can be read", o.split, o.data));
    }
    if (!result.has_metrics) {
        say(fmt::format("split '{}' of {} has no box: nothing can be measured", o.split, o.data));
    }
    report.weights = tools::file_name(o.weights);
    report.data = tools::file_name(o.data);
    report.split = o.split;
    report.imgsz = options.imgsz;
    report.rect = options.rect;
    report.peak_memory_bytes = tools::peak_memory_bytes();
    const std::string text = o.format == "json" ? tools::to_json(report) : tools::to_table(report);
    if (o.output.empty()) {
        fmt::print("{}", text);
    } else {
        yolodata::write_file_atomically(o.output, text);
    }
    if (!o.curves.empty()) yolodata::write_file_atomically(o.curves, tools::to_curves_json(report));
    if (!o.quiet) {
        const auto& s = result.speed;
        say(
            fmt::format("{:.1f} ms load, {:.1f} ms preprocess, {:.1f} ms inference, {:.1f} ms "
                        "postprocess a picture",
                        s.load, s.preprocess, s.inference, s.postprocess));
    }
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::name_train_libraries();
    return tools::run_command("yolotrain val", [&] {
        const Options options = parse(argc, argv);
        tools::catch_interrupts();
        try {
            return run(options);
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
