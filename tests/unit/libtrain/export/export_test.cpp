// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/export/export.hpp"

#include <torch/csrc/jit/serialization/import.h>

#include <cstdio>
#include <cstring>

#include "../support.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/eval/nms.hpp"

namespace yolotrain {
namespace {

using namespace test;

/// A model with running statistics of its own, and class scores that differ.
YoloV8 lively_model() {
    at::manual_seed(1);
    at::NoGradGuard no_grad;
    YoloV8 model(Scale::n, 3, 5);
    for (int i = 0; i < 3; ++i) model.forward(at::rand({2, 3, 64, 64}));
    for (const auto& [name, tensor] : model.state()) {
        if (name.find(".cv3.") != std::string::npos && name.ends_with(".2.bias")) {
            tensor.detach().copy_(at::randn({3}) - 1);
        }
        if (name.find(".cv2.") != std::string::npos && name.ends_with(".2.weight")) {
            tensor.detach().mul_(8);
        }
    }
    model.train(false);
    return model;
}

at::Tensor predictions(const YoloV8& model, const at::Tensor& x) {
    return decode(model.infer(x));
}

/// Within `allowed`, and beyond 100 px within that share of 100 px: what float32 leaves.
void expect_same(const at::Tensor& actual, const at::Tensor& expected, double allowed = 1e-4) {
    ASSERT_EQ(actual.sizes(), expected.sizes());
    const auto excess = (actual - expected).abs() / (expected.abs() / 100).clamp_min(1);
    EXPECT_LE(excess.max().item<double>(), allowed);
}

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

/// Runs exported ONNX files by onnxruntime, where `onnx_venv` was built.
class OnnxExport : public ::testing::Test {
 protected:
    void SetUp() override {
        if (!has_onnx()) GTEST_SKIP() << "this build has no ONNX";
        if (!std::filesystem::exists(YOLO_VENV "/bin/python")) {
            GTEST_SKIP() << "no onnxruntime: build the target onnx_venv";
        }
    }

    at::Tensor run(const ExportOptions& options, const at::Tensor& x) {
        const auto path = folder_.file("w.onnx"), in = folder_.file("x"), out = folder_.file("y");
        export_onnx(path, model_, options, {{"task", "detect"}});
        const auto pixels = x.contiguous();
        std::ofstream(in, std::ios::binary)
            .write(static_cast<const char*>(pixels.data_ptr()),
                   static_cast<std::streamsize>(pixels.nbytes()));
        const auto command = fmt_command(path, in, out, x);
        FILE* pipe = ::popen(command.c_str(), "r");
        long a = 0, b = 0, c = 0;
        const int read = std::fscanf(pipe, "%ld %ld %ld", &a, &b, &c);
        EXPECT_EQ(::pclose(pipe), 0);
        EXPECT_EQ(read, 3);
        auto y = at::empty({a, b, c});
        std::ifstream(out, std::ios::binary)
            .read(static_cast<char*>(y.data_ptr()), static_cast<std::streamsize>(y.nbytes()));
        return y;
    }

    const YoloV8 model_ = lively_model();

 private:
    static std::string fmt_command(const std::string& path, const std::string& in,
                                   const std::string& out, const at::Tensor& x) {
        std::string command = YOLO_VENV "/bin/python " YOLO_RUN_ONNX " ";
        command += path + " " + in + " " + out;
        for (const auto side : x.sizes()) command += " " + std::to_string(side);
        return command;
    }

    TemporaryFolder folder_;
};

TEST_F(OnnxExport, PredictsTheSame) {
    const auto x = at::rand({2, 3, 96, 96});
    ExportOptions options;
    options.imgsz = 96;
    options.batch = 2;
    for (const int opset : {12, 17}) {
        options.opset = opset;
        expect_same(run(options, x), predictions(model_, x));
    }
}

TEST_F(OnnxExport, AnyBatchAndSizeWhenDynamic) {
    ExportOptions options;
    options.dynamic = true;
    const auto x = at::rand({3, 3, 64, 160});
    expect_same(run(options, x), predictions(model_, x));
}

TEST_F(OnnxExport, HalfIsNear) {
    ExportOptions options;
    options.imgsz = 64;
    options.half = true;
    const auto x = at::rand({1, 3, 64, 64});
    expect_same(run(options, x), predictions(model_, x), 0.5);
}

TEST_F(OnnxExport, BoxesAreSortedOutAsByOurOwnNms) {
    ExportOptions options;
    options.imgsz = 96;
    options.batch = 2;
    const auto x = at::rand({2, 3, 96, 96});
    // Of the same runtime: in a random network scores differ by less than two runtimes do.
    const auto expected = run(options, x);
    options.nms = true;
    options.max_det = 20;
    const auto boxes = run(options, x);
    NmsOptions nms_options;
    nms_options.conf = 0.25F;
    nms_options.iou = 0.7F;
    nms_options.max_det = 20;
    nms_options.multi_label = false;
    for (std::int64_t b = 0; b < 2; ++b) {
        const auto picture = expected[b].contiguous();
        const auto found = nms(picture.data_ptr<float>(), 3, picture.size(1), nms_options);
        ASSERT_GT(found.size(), 3U) << "a test that tests something";
        for (std::size_t i = 0; i < found.size(); ++i) {
            const auto row = boxes[b][static_cast<std::int64_t>(i)];
            EXPECT_NEAR(row[0].item<float>(), found[i].x1, 1e-3);
            EXPECT_NEAR(row[3].item<float>(), found[i].y2, 1e-3);
            EXPECT_NEAR(row[4].item<float>(), found[i].confidence, 1e-5);
            EXPECT_EQ(row[5].item<float>(), static_cast<float>(found[i].cls));
        }
        if (found.size() < 20) {
            EXPECT_EQ(boxes[b][static_cast<std::int64_t>(found.size())].abs().sum().item<float>(),
                      0);
        }
    }
}

TEST(Export, ClassesLieApartByMoreThanThePicture) {
    if (!has_onnx()) GTEST_SKIP() << "this build has no ONNX";
    const TemporaryFolder folder;
    const auto path = folder.file("w.onnx");
    const auto holds = [&](float value) {  // as the raw_data of a constant: field 9, 4 bytes
        std::string bytes("\x4a\x04????", 6);
        std::memcpy(bytes.data() + 2, &value, 4);
        std::ifstream in(path, std::ios::binary);
        const std::string file{std::istreambuf_iterator<char>(in), {}};
        return file.find(bytes) != std::string::npos;
    };
    ExportOptions options;
    options.nms = true;
    for (const auto& [imgsz, apart] : {std::pair{640, 7680}, std::pair{8000, 9024}}) {
        options.imgsz = imgsz;
        export_onnx(path, YoloV8(Scale::n, 2), options, {});
        EXPECT_TRUE(holds(static_cast<float>(apart))) << imgsz;
    }
}

TEST(Export, OptionsThatDoNotFitAreRefused) {
    if (!has_onnx()) GTEST_SKIP() << "this build has no ONNX";
    const TemporaryFolder folder;
    const YoloV8 model(Scale::n, 2);
    ExportOptions options;
    options.opset = 11;
    EXPECT_THROW(export_onnx(folder.file("w"), model, options, {}), yolodata::Error);
    options.opset = 17;
    options.nms = options.dynamic = true;
    EXPECT_THROW(export_onnx(folder.file("w"), model, options, {}), yolodata::Error);
    EXPECT_FALSE(std::filesystem::exists(folder.file("w")));
}

}  // namespace
}  // namespace yolotrain
