// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <onnx/checker.h>

#include "onnx_decode.hpp"
#include "yolodata/core/atomic_file.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain {

namespace {

using yolodata::Error;
using yolodata::ErrorKind;

/// A protobuf message cannot be larger.
constexpr std::uint64_t most_bytes = 2'000'000'000;

void require_fitting(const ExportOptions& options) {
    if (options.opset < 12 || options.opset > 17) {
        throw Error(ErrorKind::invalid_argument,
                    fmt::format("opset {}: this program writes 12 … 17", options.opset));
    }
    if (options.nms && options.dynamic) {
        throw Error(ErrorKind::invalid_argument,
                    "NMS in the graph needs a fixed batch: leave --dynamic or --nms away");
    }
}

/// A value's type: float32 and its sides, a number or a name each.
void describe(onnx::ValueInfoProto& value, const std::string& name,
              const std::vector<std::string>& sides) {
    value.set_name(name);
    auto* type = value.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    for (const auto& side : sides) {
        auto* dim = type->mutable_shape()->add_dim();
        if (side.find_first_not_of("0123456789") == std::string::npos) {
            dim->set_dim_value(std::stoll(side));
        } else {
            dim->set_dim_param(side);
        }
    }
}

void describe_ends(onnx::GraphProto& graph, std::int64_t nc, const ExportOptions& options) {
    std::int64_t anchors = 0;
    for (const int stride : level_strides) {
        anchors += static_cast<std::int64_t>(options.imgsz / stride) * (options.imgsz / stride);
    }
    const auto side = [&](std::int64_t number, const char* name) {
        return options.dynamic ? std::string(name) : std::to_string(number);
    };
    const std::string batch = side(options.batch, "batch");
    describe(*graph.add_input(), "images",
             {batch, "3", side(options.imgsz, "height"), side(options.imgsz, "width")});
    if (options.nms) {
        describe(*graph.add_output(), "output0", {batch, std::to_string(options.max_det), "6"});
    } else {
        describe(*graph.add_output(), "output0",
                 {batch, std::to_string(4 + nc), side(anchors, "anchors")});
    }
}

void fill_graph(onnx::GraphProto& graph, const YoloV8& model, const ExportOptions& options,
                const std::string& path) {
    graph.set_name("yolov8" + std::string(to_string(model.scale())));
    describe_ends(graph, model.nc(), options);
    detail::OnnxGraph emitter(graph);
    const std::string input =
        options.half ? emitter.cast("images", onnx::TensorProto::FLOAT16) : std::string("images");
    const auto maps =
        detail::emit_network(model, input, {options.half ? at::kHalf : at::kFloat, path}, emitter);
    auto output = detail::emit_decode(emitter, maps, model.nc(), options);
    if (options.nms) output = detail::emit_nms(emitter, output, model.nc(), options);
    emitter.name_output(output, "output0");
}

}  // namespace

bool has_onnx() {
    return true;
}

void export_onnx(const std::string& path, const YoloV8& model, const ExportOptions& options,
                 const std::map<std::string, std::string>& metadata) {
    require_fitting(options);
    onnx::ModelProto file;
    file.set_ir_version(options.opset < 15 ? 7 : 8);
    file.set_producer_name("yolotrain");
    file.add_opset_import()->set_version(options.opset);
    for (const auto& [key, value] : metadata) {
        auto* entry = file.add_metadata_props();
        entry->set_key(key);
        entry->set_value(value);
    }
    fill_graph(*file.mutable_graph(), model, options, path);
    if (file.ByteSizeLong() > most_bytes) {
        throw Error(ErrorKind::unsupported, path + ": the model is too large for ONNX; use --half");
    }
    try {
        onnx::checker::check_model(file);
    } catch (const std::exception& e) {
        throw Error(ErrorKind::unsupported,
                    fmt::format("{}: libonnx refuses the graph: {}", path, e.what()));
    }
    yolodata::write_file_atomically(path, file.SerializeAsString());
}

}  // namespace yolotrain
