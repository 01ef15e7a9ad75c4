// SPDX-License-Identifier: Apache-2.0
#include "fit/options.hpp"

#include <ATen/Context.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "common/option_value.hpp"
#include "common/progress.hpp"
#include "fit/config_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/model/weights.hpp"

namespace tools {

namespace {

/// Options that say how and where this call runs, not what the run is.
constexpr std::array<std::string_view, 7> kCallOptions = {"config",  "resume",     "exist-ok", "quiet",
                                                          "threads", "max-memory", "io"};

void range(Option& option, double min, double max = 1e9) {
    option.min = min;
    option.max = max;
}

void add_what(CommandLine& line, FitOptions& o) {
    line.group("What");
    line.option("data", &o.data, "SHARDS|data.yaml", "shard set, or a data.yaml, which is packed first");
    line.option("shards", &o.shards, "DIR", "where the shards of a data.yaml go, and are looked for")
        .default_text = "a folder below $XDG_CACHE_HOME/yolodata";
    line.option("val-data", &o.val_data, "SHARDS|data.yaml", "what is validated on").default_text =
        "the split val of --data";
    line.option("model", &o.model, "yolov8{n,s,m,l,x}", "size of the network").default_text =
        "the weights' own, else yolov8n";
    line.option("weights", &o.train.weights, "FILE", "start from these weights (.safetensors, .pt)");
    range(line.option("epochs", &o.train.schedule.epochs, "N", "passes over the training data"), 1, 1e6);
    Option& batch = line.option("batch", &o.train.schedule.batch, "N|auto",
                                "pictures a step; auto: as many, up to 16, as fit --max-memory");
    range(batch, -1, 65536);
    batch.aliases = {{"auto", "-1"}};
    range(line.option("imgsz", &o.train.imgsz, "N", "side of the pictures, px, a multiple of 32"), 32, 16352);
    line.option("seed", &o.train.seed, "N", "of all random numbers");
    range(line.option("freeze", &o.train.freeze, "N", "layers, from the first on, that keep their weights"), 0, 22);
    line.option("config", &o.config, "FILE", "JSON or YAML with options by these names, such as a run's args.yaml");
}

void add_run(CommandLine& line, FitOptions& o) {
    line.group("Run folder");
    line.option("project", &o.project, "DIR", "folder of the runs");
    line.option("name", &o.name, "NAME", "the run's folder in PROJECT; taken already: NAME-2, NAME-3 …");
    line.flag("exist-ok", &o.exist_ok, "overwrite PROJECT/NAME");
    line.option("resume", &o.resume, "RUN", "continue PROJECT/NAME, or start it; with =RUN continue that folder")
        .value_optional = true;
    range(line.option("save-period", &o.train.save_period, "N", "also keep the weights of every N-th epoch; -1 = none"),
          -1);
    line.flag("val", &o.train.val, "validate after each epoch (off: after the last one)");
    range(line.option("patience", &o.train.patience, "N", "epochs without a better mAP before it stops; 0 = never"), 0);
}

void add_machine(CommandLine& line, FitOptions& o) {
    line.group("Machine");
    Option& device = line.option("device", &o.device, "auto|cpu|cuda[:i]", "where the network runs");
    device.aliases = {{"None", "auto"}};
    Option& amp = line.option("amp", &o.amp, "auto|off|bf16|fp16",
                              "what the network computes in; auto: the fastest that the device has in hardware");
    amp.choices = {"auto", "off", "bf16", "fp16"};
    for (const char* on : {"True", "true", "1"}) amp.aliases.emplace_back(on, "auto");
    for (const char* off : {"False", "false", "0"}) amp.aliases.emplace_back(off, "off");
    line.option("max-memory", &o.max_memory, "SIZE", "that --batch auto may plan with").default_text =
        "70 % of the tightest limit";
    Option& threads = line.option("threads", &o.threads, "N", "CPU threads of the network");
    threads.default_text = "OMP_NUM_THREADS, else the CPUs that it may use";
    range(threads, 1, max_threads);
    Option& workers = line.option("workers", &o.train.workers, "N", "threads that make batches");
    range(workers, 0, 256);
    line.option("io", &o.io, "auto|mmap|pread|direct", "how the files of a shard set are read; direct: past the page cache").choices = {
        "auto", "mmap", "pread", "direct"};
    Option& quiet = line.flag("quiet", &o.quiet, "only errors on stderr");
    quiet.short_name = 'q';
}

void add_optimizer(CommandLine& line, FitOptions& o) {
    yolotrain::ScheduleOptions& s = o.train.schedule;
    line.group("Optimizer and schedule");
    Option& optimizer = line.option("optimizer", &o.optimizer, "auto|SGD|AdamW|MuSGD", "auto: by the number of steps");
    optimizer.choices = {"auto", "SGD", "AdamW", "MuSGD"};
    range(line.option("lr0", &s.lr0, "R", "initial learning rate (auto sets its own)"), 1e-12, 1e3);
    range(line.option("lrf", &s.lrf, "R", "last learning rate as a share of the initial one"), 0, 1e3);
    range(line.option("momentum", &s.momentum, "R", "SGD's and MuSGD's momentum, AdamW's beta1"), 0, 0.9999);
    range(line.option("weight-decay", &s.weight_decay, "R", "at the nominal batch size"), 0, 1e3);
    range(line.option("warmup-epochs", &s.warmup_epochs, "R", "epochs of warm-up"), 0, 1e6);
    range(line.option("warmup-momentum", &s.warmup_momentum, "R", "momentum at the start"), 0, 0.9999);
    range(line.option("warmup-bias-lr", &s.warmup_bias_lr, "R", "learning rate of biases at the start"), 0, 1e3);
    range(line.option("nbs", &s.nbs, "N", "nominal batch size: gradients are summed up to it"), 1, 1e6);
    line.flag("cos-lr", &s.cos_lr, "learning rate along a cosine instead of a line");
    line.group("Loss");
    range(line.option("box", &o.train.gains.box, "R", "gain of the box loss"), 0, 1e6);
    range(line.option("cls", &o.train.gains.cls, "R", "gain of the class loss"), 0, 1e6);
    range(line.option("cls-pw", &o.train.cls_pw, "P",
                      "weighs each class by its inverse frequency to the power of P; 0: all alike"), 0, 1);
    range(line.option("dfl", &o.train.gains.dfl, "R", "gain of the distribution focal loss"), 0, 1e6);
}

void add_augmentation(CommandLine& line, FitOptions& o) {
    yolodata::AugmentOptions& a = o.train.augment;
    line.group("Augmentation");
    range(line.option("hsv-h", &a.hsv_h, "R", "hue, ± fraction"), 0, 1);
    range(line.option("hsv-s", &a.hsv_s, "R", "saturation, ± fraction"), 0, 1);
    range(line.option("hsv-v", &a.hsv_v, "R", "brightness, ± fraction"), 0, 1);
    range(line.option("degrees", &a.degrees, "R", "rotation, ± degrees"), 0, 180);
    range(line.option("translate", &a.translate, "R", "shift, ± fraction of the side"), 0, 1);
    range(line.option("scale", &a.scale, "R", "zoom, ± gain"), 0, 1);
    range(line.option("shear", &a.shear, "R", "shear, ± degrees"), 0, 89);
    range(line.option("perspective", &a.perspective, "R", "perspective, ± fraction"), 0, 0.001);
    range(line.option("flipud", &a.flipud, "P", "probability of an upside-down flip"), 0, 1);
    range(line.option("fliplr", &a.fliplr, "P", "probability of a left-right flip"), 0, 1);
    range(line.option("mosaic", &a.mosaic, "P", "probability of a mosaic of four pictures"), 0, 1);
    range(line.option("mixup", &a.mixup, "P", "probability of blending in a second picture"), 0, 1);
    range(line.option("cutmix", &a.cutmix, "P", "probability of a rectangle of a second picture, where no box lies"), 0, 1);
    Option& sizes = line.option("multi-scale", &o.train.multi_scale, "R",
                                "scales each step's pictures by a factor within 1 ± R; True = 0.5");
    range(sizes, 0, 0.95);
    for (const char* on : {"True", "true"}) sizes.aliases.emplace_back(on, "0.5");
    for (const char* off : {"False", "false"}) sizes.aliases.emplace_back(off, "0");
    range(line.option("close-mosaic", &o.train.close_mosaic, "N", "epochs at the end without mosaic, mixup and cutmix"), 0);
}

/// Keys of Ultralytics' args.yaml that mean nothing here.
void accept_others(CommandLine& line) {
    line.ignore_keys({"task", "mode", "time", "save", "save_dir", "cache", "pretrained", "cls_remap", "verbose",
                      "deterministic", "single_cls", "rect", "fraction", "profile", "compile",
                      "channels_last", "overlap_mask", "mask_ratio", "dropout", "split", "save_json", "save_hybrid",
                      "conf", "iou", "max_det", "half", "int8", "quantize", "dnn", "plots", "nms", "source",
                      "vid_stride", "stream_buffer", "visualize", "augment", "agnostic_nms", "classes", "retina_masks",
                      "embed", "show", "save_frames", "save_txt", "save_conf", "save_crop", "show_labels", "show_conf",
                      "show_boxes", "line_width", "format", "keras", "optimize", "dynamic", "simplify", "opset",
                      "workspace", "distill_model", "dis", "pose", "kobj", "rle", "angle", "dlog", "dgrad",
                      "dlam", "label_smoothing", "bgr", "copy_paste", "copy_paste_mode", "auto_augment",
                      "erasing", "crop_fraction", "cfg", "tracker"});
}

bool is_call_option(const std::string& name) {
    return std::find(kCallOptions.begin(), kCallOptions.end(), name) != kCallOptions.end();
}

/// "yolov8n", "yolov8n.yaml", a path to it; FILE.safetensors and FILE.pt stand for their weights.
void settle_model(FitOptions& o, bool resuming) {
    const std::filesystem::path path(o.model);
    if ((path.extension() == ".safetensors" || path.extension() == ".pt") && o.train.weights.empty()) {
        o.train.weights = std::exchange(o.model, "");
    } else if (path.extension() == ".yaml" || path.extension() == ".yml") {
        o.model = path.stem().string();
    }
    if (!o.model.empty()) o.train.scale = yolotrain::parse_scale(o.model);
    if (!o.train.weights.empty() && !resuming) {
        // Read here too, so that bad weights end it before anything is packed or made.
        const auto weights = yolotrain::read_weights(o.train.weights);
        const auto scale = yolotrain::scale_of(weights, o.train.weights);
        yolotrain::require_finite(weights.tensors, o.train.weights);
        if (o.model.empty()) o.train.scale = scale;
    }
    o.model = fmt::format("yolov8{}", yolotrain::to_string(o.train.scale));
}

/// What the table's ranges cannot say, the schedule itself refuses; the data do not matter for that.
void check_schedule(yolotrain::ScheduleOptions schedule) {
    schedule.images = schedule.nc = 1;
    (void)yolotrain::Schedule(schedule);
}

yolotrain::Amp parse_amp(const std::string& text) {
    using yolotrain::Amp;
    return text == "auto" ? Amp::automatic : text == "bf16" ? Amp::bf16 : text == "fp16" ? Amp::fp16 : Amp::off;
}

std::string settle_device(const std::string& text) {
    if (text == "auto") return at::hasCUDA() ? "cuda:0" : "cpu";
    if (text == "cpu") return text;
    const bool number = !text.empty() && text.size() <= 2 && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    const bool named = text == "cuda" || (text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() <= 7);
    if (!number && !named) {
        throw UsageError{fmt::format("--device: '{}' is not allowed; expected auto, cpu, cuda or cuda:N", text)};
    }
    if (!at::hasCUDA()) {
        throw yolodata::Error(yolodata::ErrorKind::unsupported,
                              fmt::format("--device {}: this LibTorch sees no CUDA device; use --device cpu", text));
    }
    return number ? "cuda:" + text : text == "cuda" ? "cuda:0" : text;
}

}  // namespace

CommandLine fit_command_line(FitOptions& o) {
    o.threads = network_threads();
    o.train.workers = std::min(8, usable_cpus());
    CommandLine line("yolotrain fit", "Trains a YOLOv8 detector on a shard set or a data.yaml.");
    add_what(line, o);
    add_run(line, o);
    add_optimizer(line, o);
    add_augmentation(line, o);
    add_machine(line, o);
    accept_others(line);
    line.epilog(
        "Exit codes: 0 trained, 2 wrong command line or a run folder that forbids it, 3 could not train,\n"
        "130 and 143 stopped by SIGINT and SIGTERM after saving; a second signal ends at once.\n"
        "Example: yolotrain fit --data data.yaml --model yolov8n --epochs 100 --imgsz 640 --resume");
    return line;
}

bool names_threads(const FitOptions& options, const CommandLine& line) {
    return line.given("threads") || options.threads != network_threads();
}

ResumeRequest resume_request(const FitOptions& options, const CommandLine& line) {
    if (options.resume.empty()) return {line.given("resume"), ""};
    bool value = false;
    if (parse_boolean(options.resume, value)) return {value, ""};
    return {true, options.resume};
}

void apply_config(CommandLine& line, const std::string& path) {
    for (const auto& [key, value] : read_config(path)) {
        bool known = false;
        try {
            known = line.set_from_config(key, value);
        } catch (const UsageError& error) {
            throw UsageError{fmt::format("{}: {}", path, error.message)};
        }
        if (known) continue;
        const std::string meant = line.suggest(key);
        throw UsageError{fmt::format("{}: unknown key '{}'{}", path, key,
                                     meant.empty() ? "" : fmt::format("; did you mean '{}'?", meant))};
    }
}

void settle(FitOptions& o, const CommandLine& line, bool resuming) {
    if (o.data.empty()) throw UsageError{"--data is missing: a shard set or a data.yaml"};
    if (o.train.schedule.batch == 0) throw UsageError{"--batch 0 trains nothing; give a number from 1, or auto"};
    if (o.name.empty()) throw UsageError{"--name is empty: the run needs a folder of its own"};
    const int rounded = (o.train.imgsz + 31) / 32 * 32;
    if (rounded != o.train.imgsz) {
        fmt::print(stderr, "{}: --imgsz {} is no multiple of 32; {} is used\n", line.program(), o.train.imgsz, rounded);
        o.train.imgsz = rounded;
    }
    o.train.schedule.optimizer = yolotrain::parse_optimizer(o.optimizer);
    settle_model(o, resuming);
    o.train.device = settle_device(o.device);
    o.train.amp = parse_amp(o.amp);
    (void)yolotrain::precision_of(o.train.amp, o.train.device);  // refuses what cannot be before anything is packed
    yolotrain::ScheduleOptions schedule = o.train.schedule;
    if (wants_auto_batch(o)) {
        if (o.train.device != "cpu") throw UsageError{"--batch auto is measured on the CPU only; with CUDA give a number"};
        schedule.batch = 1;
    }
    check_schedule(schedule);
    o.jobs = names_threads(o, line) ? o.threads : usable_cpus();
    o.train.args = run_args(line);
}

yolotrain::Args run_args(const CommandLine& line) {
    yolotrain::Args args;
    for (const Option& option : line.options()) {
        if (is_call_option(option.name)) continue;
        std::string key = option.name;
        std::replace(key.begin(), key.end(), '-', '_');
        std::string value = value_text(option.target);
        if (is_boolean(option)) value = *std::get<bool*>(option.target) ? "true" : "false";
        args.emplace_back(std::move(key), std::move(value));
    }
    return args;
}

}  // namespace tools
