// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstring>

#include "../support.hpp"
#include "lively_model.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/eval/nms.hpp"
#include "yolotrain/export/export.hpp"

namespace yolotrain {
namespace {

using namespace test;

/// Runs exported ONNX files by onnxruntime, where `onnx_venv` was built.
class OnnxExport : public ::testing::Test {
 protected:
    void SetUp() override {
        if (!has_onnx()) GTEST_SKIP() << "this build has no ONNX";
        if (!std::filesystem::exists(YOLO_VENV "/complete")) {
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

TEST(OnnxFile, ClassesLieApartByMoreThanThePicture) {
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

TEST(OnnxFile, OptionsThatDoNotFitAreRefused) {
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
