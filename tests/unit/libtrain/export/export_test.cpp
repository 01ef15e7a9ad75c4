// SPDX-License-Identifier: Apache-2.0
// TorchScript and safetensors, and what 16 bits cannot hold.
#include "yolotrain/export/export.hpp"

#include <torch/csrc/jit/serialization/import.h>

#include <vector>

#include "../support.hpp"
#include "lively_model.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using namespace test;

TEST(Export, TorchScriptPredictsTheSame) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.torchscript");
    const YoloV8 model = lively_model();
    export_torchscript(path, model, {}, {{"names", "{0: 'ä'}"}});
    torch::jit::ExtraFilesMap extra = {{"config.txt", ""}};
    auto module = torch::jit::load(path, at::Device(at::kCPU), extra);
    EXPECT_EQ(nlohmann::json::parse(extra["config.txt"])["names"], "{0: 'ä'}");
    at::NoGradGuard no_grad;
    for (const auto& x : {at::rand({1, 3, 64, 64}), at::rand({2, 3, 96, 160})}) {
        expect_same(module.forward({x}).toTensor(), predictions(model, x));
    }
}

TEST(Export, SafetensorsRoundTrip) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    const YoloV8 model = lively_model();
    WeightsInfo info;
    info.names = {"a", "it's", "c\\"};
    info.imgsz = 96;
    ExportOptions options;
    options.imgsz = 96;
    export_safetensors(path, model, options, export_metadata(info, options, "sha256:12"));
    auto loaded = load_weights(path);
    EXPECT_EQ(loaded.info.names, info.names);
    EXPECT_EQ(loaded.info.imgsz, 96);
    EXPECT_EQ(read_safetensors(path).metadata.at("weights_digest"), "sha256:12");
    for (std::size_t i = 0; i < model.state().size(); ++i) {
        EXPECT_TRUE(at::equal(model.state()[i].tensor, loaded.model.state()[i].tensor));
    }
    options.half = true;
    export_safetensors(path, model, options, {});
    for (const auto& [name, tensor] : read_safetensors(path).tensors) {
        EXPECT_EQ(tensor.scalar_type(), tensor.dim() == 0 ? at::kLong : at::kHalf) << name;
    }
    EXPECT_EQ(load_weights(path).model.state()[0].tensor.scalar_type(), at::kFloat);
}

TEST(Export, WhatDoesNotFit16BitsIsNamed) {
    const TemporaryFolder folder;
    YoloV8 model(Scale::n, 2);
    model.state()[0].tensor.detach().view(-1)[0] = 1e6;
    ExportOptions options;
    options.half = true;
    const auto path = folder.file("w");
    using Exporter = decltype(&export_safetensors);
    std::vector<Exporter> exporters = {export_safetensors, export_torchscript};
    if (has_onnx()) exporters.push_back(export_onnx);
    for (const Exporter exporter : exporters) {
        EXPECT_THROW(exporter(path, model, options, {}), yolodata::Error);
        EXPECT_FALSE(std::filesystem::exists(path));
    }
}

TEST(Export, WhatFits16BitsOnlyBeforeItIsFoldedIsNamed) {
    const TemporaryFolder folder;
    YoloV8 model(Scale::n, 2);
    for (const auto& [name, tensor] : model.state()) {
        if (name == "model.4.cv1.conv.weight") tensor.detach().fill_(60000);
        if (name == "model.4.cv1.bn.weight") tensor.detach().fill_(2);
    }
    ExportOptions options;
    const auto path = folder.file("w");
    export_torchscript(path, model, options, {});  // in 32 bits it fits
    options.half = true;
    std::vector<decltype(&export_onnx)> exporters = {export_torchscript};
    if (has_onnx()) exporters.push_back(export_onnx);
    for (const auto exporter : exporters) {
        try {
            exporter(path, model, options, {});
            ADD_FAILURE() << "written";
        } catch (const yolodata::Error& error) {
            EXPECT_EQ(error.what(), path + ": tensor model.4.cv1.weight holds NaN or infinity");
        }
    }
}

}  // namespace
}  // namespace yolotrain
