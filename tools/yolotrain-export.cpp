// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>
#include <span>

#include "common/command_line.hpp"
#include "common/exit_codes.hpp"
#include "inference/setup.hpp"
#include "yolodata/core/file.hpp"
#include "yolodata/core/sha256.hpp"
#include "yolodata/core/utf8.hpp"
#include "yolotrain/export/export.hpp"

namespace {

struct Options {
    std::string weights, format, output;
    yolotrain::ExportOptions network;
    int imgsz = 0;
    bool quiet = false;
};

Options parse(int argc, char** argv) {
    Options o;
    tools::CommandLine line("yolotrain export",
                            "Writes weights in a form that other programs run.");
    line.group("What");
    line.option("weights", &o.weights, "FILE", "weights to export (.safetensors, .pt)");
    line.option("format", &o.format, "onnx|torchscript|safetensors", "form of the export")
        .choices = {"onnx", "torchscript", "safetensors"};
    line.option("output", &o.output, "FILE", "write it there").default_text =
        "beside the weights, with the format's suffix";
    line.group("How");
    tools::Option& imgsz = line.option("imgsz", &o.imgsz, "N", "height and width of the input, px");
    imgsz.default_text = "the weights' own";
    imgsz.min = 32, imgsz.max = 16384;
    tools::Option& batch = line.option("batch", &o.network.batch, "N", "pictures a call");
    batch.min = 1, batch.max = 1024;
    line.flag("dynamic", &o.network.dynamic,
              "onnx: any batch and size instead of --batch and --imgsz");
    line.flag("half", &o.network.half, "numbers of 16 bits: half the file, less exact");
    tools::Option& opset =
        line.option("opset", &o.network.opset, "N", "onnx: version of its operators");
    opset.min = 12, opset.max = 17;
    line.group("Boxes sorted out in the graph (onnx)");
    line.flag("nms", &o.network.nms, "the output is boxes, best first, instead of raw predictions");
    tools::Option& conf =
        line.option("conf", &o.network.conf, "P", "with --nms: least confidence of a box");
    conf.min = 0, conf.max = 1;
    tools::Option& iou = line.option("iou", &o.network.iou, "R",
                                     "with --nms: IoU over which the weaker box is dropped");
    iou.min = 0, iou.max = 1;
    tools::Option& max_det =
        line.option("max-det", &o.network.max_det, "N", "with --nms: boxes a picture");
    max_det.min = 1, max_det.max = 30000;
    line.group("Output");
    line.flag("quiet", &o.quiet, "no remarks");
    line.ignore_keys({"task", "mode", "device", "simplify", "optimize", "int8", "keras",
                      "workspace", "verbose", "data", "fraction", "quantize", "project", "name",
                      "exist_ok", "agnostic_nms", "seed", "deterministic"});
    line.epilog(
        "The file carries names, imgsz, stride, task and the digests of data and weights as "
        "metadata, under\n"
        "Ultralytics' keys. docs/weights.md shows how Ultralytics reads each of them.\n"
        "Example: yolotrain export --weights best.safetensors --format onnx --imgsz 640");
    line.parse(argc, argv);
    if (o.weights.empty()) throw tools::UsageError{"--weights is missing: the file to export"};
    if (o.format.empty())
        throw tools::UsageError{"--format is missing: onnx, torchscript or safetensors"};
    if (o.format != "onnx" && (o.network.nms || o.network.dynamic)) {
        throw tools::UsageError{fmt::format("--{} is for --format onnx{}",
                                            o.network.nms ? "nms" : "dynamic",
                                            o.format == "torchscript" && o.network.dynamic
                                                ? "; torchscript takes any batch and size as it is"
                                                : "")};
    }
    tools::note_ignored(line, o.quiet);
    tools::note_crowded_threads(line, o.quiet);
    return o;
}

std::string output_path(const Options& o) {
    std::filesystem::path path = o.output;
    if (o.output.empty()) path = std::filesystem::path(o.weights).replace_extension("." + o.format);
    std::error_code none;
    if (std::filesystem::equivalent(path, o.weights, none)) {
        throw tools::UsageError{"the export would replace the weights: give --output FILE"};
    }
    return path.string();
}

std::string digest_of(const std::string& path) {
    yolodata::Sha256 hash;
    const auto read = yolodata::Folder(".").stream(
        path, [&](std::span<const std::byte> bytes) { hash.update(bytes); });
    return read ? "sha256:" + yolodata::to_hex(hash.finish()) : std::string();
}

int run(const Options& o) {
    const std::string path = output_path(o);
    const yolotrain::LoadedWeights weights = yolotrain::load_weights(o.weights);
    yolotrain::ExportOptions network = o.network;
    network.imgsz = tools::network_size(o.imgsz, weights.info, "yolotrain export");
    if (o.format == "torchscript") network.dynamic = true;  // it takes any size, and says so
    yolotrain::WeightsInfo info = weights.info;
    info.names = tools::class_names(weights);
    const auto metadata = yolotrain::export_metadata(info, network, digest_of(o.weights));
    if (o.format == "onnx") {
        yolotrain::export_onnx(path, weights.model, network, metadata);
    } else if (o.format == "torchscript") {
        yolotrain::export_torchscript(path, weights.model, network, metadata);
    } else {
        yolotrain::export_safetensors(path, weights.model, network, metadata);
    }
    if (!o.quiet) {
        fmt::print(stderr, "yolotrain export: yolov8{}, {} classes, {} px, into {} ({:.1f} MB)\n",
                   yolotrain::to_string(info.scale), info.names.size(), network.imgsz,
                   yolodata::printable(path),
                   static_cast<double>(std::filesystem::file_size(path)) / 1e6);
    }
    return tools::exit_done;
}

}  // namespace

int main(int argc, char** argv) {
    tools::name_train_libraries();
    return tools::run_command("yolotrain export", [&] {
        const Options options = parse(argc, argv);
        tools::set_up_libtorch();
        return run(options);
    });
}
