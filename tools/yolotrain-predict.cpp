// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <optional>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "common/interrupt.hpp"
#include "common/progress.hpp"
#include "inference/setup.hpp"
#include "predict/result_folder.hpp"
#include "predict/results.hpp"
#include "predict/sources.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolodata/image/decode.hpp"
#include "yolotrain/eval/ordered_loader.hpp"
#include "yolotrain/eval/predictor.hpp"

namespace {

struct Options {
    std::vector<std::string> sources;
    std::string weights, device = "auto", format = "text", output;
    yolotrain::PredictOptions predict;
    tools::SaveOptions save;
    int imgsz = 0;
    bool quiet = false;
};

/// "0,2", also as Ultralytics writes it: [0, 2].
std::vector<std::int32_t> parse_classes(const std::vector<std::string>& texts) {
    std::vector<std::int32_t> classes;
    for (std::string text : texts) {
        std::erase_if(text, [](char c) { return c == '[' || c == ']' || c == ' '; });
        std::int32_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size() || value < 0) {
            throw tools::UsageError{fmt::format("--classes: '{}' is no class number", text)};
        }
        classes.push_back(value);
    }
    return classes;
}

Options parse(int argc, char** argv) {
    Options o;
    std::vector<std::string> classes;
    tools::CommandLine line("yolotrain predict", "Finds objects in pictures.");
    line.positional("SOURCE", &o.sources,
                    "pictures: files, folders, patterns, lists (@FILE, FILE.txt), - for stdin");
    line.group("What");
    line.option("weights", &o.weights, "FILE", "weights to use (.safetensors, .pt)");
    tools::Option& imgsz =
        line.option("imgsz", &o.imgsz, "N", "long side of the network's input, px");
    imgsz.default_text = "the weights' own";
    imgsz.min = 32, imgsz.max = 16384;
    tools::Option& conf = line.option("conf", &o.predict.conf, "P", "least confidence of a box");
    conf.min = 0, conf.max = 1;
    tools::Option& iou =
        line.option("iou", &o.predict.iou, "R", "IoU over which NMS drops the weaker box");
    iou.min = 0, iou.max = 1;
    tools::Option& max_det = line.option("max-det", &o.predict.max_det, "N", "boxes a picture");
    max_det.min = 1, max_det.max = 30000;
    line.option("classes", &classes, "N,N…", "only these classes").default_text = "all";
    tools::add_device_option(line, &o.device);
    line.group("Output");
    line.flag("save", &o.save.pictures, "write pictures with the boxes drawn");
    line.flag("save-txt", &o.save.labels, "write label files");
    line.flag("save-conf", &o.save.confidence, "with the confidence as a sixth column");
    line.option("project", &o.save.project, "DIR", "folder of the runs");
    line.option("name", &o.save.name, "NAME",
                "folder of this run in it; if it exists, NAME-2, -3 …");
    line.flag("exist-ok", &o.save.exist_ok, "write into PROJECT/NAME even if it exists");
    line.option("format", &o.format, "text|json|jsonl", "form of the result").choices = {
        "text", "json", "jsonl"};
    line.option("output", &o.output, "FILE", "write the result there instead of to stdout");
    line.flag("quiet", &o.quiet, "no progress and no remarks");
    tools::accept_ultralytics_keys(line);
    line.ignore_keys({"batch", "workers", "data", "split", "rect"});
    line.epilog(
        "Exit code: 0 all pictures done, 1 some cannot be read, 3 none can.\n"
        "Example: yolotrain predict --weights best.safetensors photos/ --format json --output "
        "boxes.json");
    line.parse(argc, argv);
    if (o.weights.empty()) throw tools::UsageError{"--weights is missing: the file to use"};
    o.predict.classes = parse_classes(classes);
    tools::note_ignored(line, o.quiet);
    tools::note_crowded_threads(line, o.quiet);
    return o;
}

/// A picture on its way to the network, made in a worker thread.
struct Loaded {
    std::string error;  ///< why it cannot be read; empty = it can
    yolodata::Picture picture;
    yolotrain::NetworkInput input;
};

Loaded load(const std::string& path, int imgsz) {
    Loaded out;
    std::string place;  // a failed read names the file itself
    try {
        const std::vector<std::byte> bytes = yolodata::read_file(path);
        place = yolodata::printable(path) + ": ";
        out.picture = yolodata::decode(bytes);
        out.input = yolotrain::prepare(out.picture, imgsz);
    } catch (const yolodata::Error& error) {
        out.error = place + error.what();
    }
    return out;
}

/// Where results go as they come.
class ResultStream {
 public:
    explicit ResultStream(const std::string& output) {
        if (output.empty()) return;
        file_.emplace(output, std::ios::binary | std::ios::trunc);
        if (!*file_) yolodata::throw_errno("write", output, errno);
    }
    /// false: nobody reads stdout any more.
    bool write(const std::string& text) {
        std::ostream& out = file_ ? *file_ : std::cout;
        out << text << std::flush;
        if (out || (!file_ && errno == EPIPE)) return static_cast<bool>(out);
        throw yolodata::Error(yolodata::ErrorKind::io,
                              "cannot write the results; is the disk full?");
    }

 private:
    std::optional<std::ofstream> file_;
};

class Prediction {
 public:
    explicit Prediction(const Options& options)
        : o_(options),
          weights_(yolotrain::load_weights(options.weights)),
          names_(tools::class_names(weights_)),
          paths_(tools::expand_sources(options.sources)),
          where_(tools::name_results(paths_)),
          folder_(options.save) {}

    int run();

 private:
    bool take(std::size_t i, Loaded loaded, const yolotrain::Predictor& predictor,
              ResultStream& stream);
    int finish(double seconds);

    const Options& o_;
    const yolotrain::LoadedWeights weights_;
    const std::vector<std::string> names_, paths_;
    const std::vector<tools::ResultNames> where_;
    tools::ResultFolder folder_;
    std::vector<tools::PictureResult> results_;  ///< for a report that is written at the end
    std::vector<std::string> unreadable_;
    std::size_t done_ = 0, boxes_ = 0;
    int imgsz_ = 0;
};

int Prediction::run() {
    yolotrain::PredictOptions options = o_.predict;
    imgsz_ = options.imgsz = tools::network_size(o_.imgsz, weights_.info, "yolotrain predict");
    const yolotrain::Predictor predictor(weights_.model, options);
    // A report in one piece is written at the end; lines go out as they come.
    ResultStream stream(o_.format == "json" ? std::string() : o_.output);
    const int workers = std::min(4, tools::usable_cpus());
    yolotrain::OrderedLoader<Loaded> loader(paths_.size(), workers,
                                            static_cast<std::size_t>(workers) + 1,
                                            [&](std::size_t i) { return load(paths_[i], imgsz_); });
    // On a terminal the lines of text are progress enough.
    const bool lines = o_.format == "text" && o_.output.empty();
    tools::Progress progress("predict", "images", paths_.size(), o_.quiet || lines);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < paths_.size(); ++i) {
        tools::stop_if_interrupted();
        if (!take(i, loader.next(), predictor, stream)) return tools::exit_done;
        progress.update(i + 1);
    }
    progress.finish();
    return finish(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

/// false: nobody reads the results any more.
bool Prediction::take(std::size_t i, Loaded loaded, const yolotrain::Predictor& predictor,
                      ResultStream& stream) {
    if (!loaded.error.empty()) {
        fmt::print(stderr, "yolotrain predict: {}\n", loaded.error);
        unreadable_.push_back(paths_[i]);
        return true;
    }
    tools::PictureResult result{paths_[i], loaded.picture.width, loaded.picture.height,
                                predictor.predict(loaded.input)};
    folder_.save(result, std::move(loaded.picture), where_[i], names_);
    ++done_;
    boxes_ += result.boxes.size();
    if (o_.format == "text") return stream.write(tools::to_line(result, names_));
    if (o_.format == "jsonl") return stream.write(tools::to_json_line(result, names_));
    results_.push_back(std::move(result));
    return true;
}

int Prediction::finish(double seconds) {
    if (done_ == 0) {
        throw yolodata::Error(
            yolodata::ErrorKind::not_found,
            paths_.empty()
                ? "SOURCE holds no picture (jpg, png, …); subfolders are not searched, name "
                  "them or give a pattern"
                : "no picture can be read");
    }
    if (o_.format == "json") {
        const tools::PredictSetup setup{tools::file_name(o_.weights), imgsz_, o_.predict.conf,
                                        o_.predict.iou, names_};
        const std::string text = tools::to_json(setup, results_, unreadable_);
        if (o_.output.empty()) {
            fmt::print("{}", text);
        } else {
            yolodata::write_file_atomically(o_.output, text);
        }
    }
    if (!o_.quiet) {
        fmt::print(stderr, "yolotrain predict: {} {}, {} {}, {:.1f} ms a picture", done_,
                   done_ == 1 ? "picture" : "pictures", boxes_, boxes_ == 1 ? "box" : "boxes",
                   1000 * seconds / static_cast<double>(done_));
        if (!unreadable_.empty()) fmt::print(stderr, "; {} cannot be read", unreadable_.size());
        if (!folder_.path().empty())
            fmt::print(stderr, "; results in {}", yolodata::printable(folder_.path()));
        fmt::print(stderr, "\n");
    }
    return unreadable_.empty() ? tools::exit_done : tools::exit_findings;
}

}  // namespace

int main(int argc, char** argv) {
    tools::name_train_libraries();
    return tools::run_command("yolotrain predict", [&] {
        const Options options = parse(argc, argv);
        tools::catch_interrupts();
        try {
            tools::set_up_libtorch();
            return Prediction(options).run();
        } catch (const tools::Interrupted& stop) {
            return 128 + stop.signal;
        }
    });
}
