// SPDX-License-Identifier: Apache-2.0
// Files of torch.save as weights: our own small vectors, and Ultralytics' checkpoints against
// checkpoint.json.
#include <cmath>

#include "../support.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using namespace test;

std::map<std::string, at::Tensor> by_name(const TensorFile& file) {
    std::map<std::string, at::Tensor> out;
    for (const auto& [name, tensor] : file.tensors) out[name] = tensor;
    return out;
}

std::string type_name(const at::Tensor& tensor) {
    static const std::map<at::ScalarType, std::string> names = {
        {at::kDouble, "float64"},    {at::kFloat, "float32"}, {at::kHalf, "float16"},
        {at::kBFloat16, "bfloat16"}, {at::kLong, "int64"},    {at::kInt, "int32"},
        {at::kByte, "uint8"},        {at::kBool, "bool"}};
    return names.at(tensor.scalar_type());
}

/// {name: [shape, dtype, sum, L2]}
void expect_sums(const TensorFile& file, const nlohmann::json& expected) {
    auto tensors = by_name(file);
    EXPECT_EQ(tensors.size(), expected.size());
    for (const auto& [name, facts] : expected.items()) {
        ASSERT_TRUE(tensors.contains(name)) << name;
        const auto& tensor = tensors[name];
        EXPECT_EQ(tensor.sizes().vec(), facts[0].get<std::vector<std::int64_t>>()) << name;
        EXPECT_EQ(type_name(tensor), facts[1].get<std::string>()) << name;
        const auto wide = tensor.to(at::kDouble);
        const double sum = facts[2].get<double>(), norm = facts[3].get<double>();
        EXPECT_NEAR(wide.sum().item<double>(), sum, 1e-9 * (1 + std::abs(sum))) << name;
        EXPECT_NEAR(wide.norm().item<double>(), norm, 1e-9 * (1 + norm)) << name;
    }
}

TEST(PtWeights, TensorsKeepTypeShapeAndValue) {
    auto t = by_name(read_weights(YOLO_VECTORS "/pt/odd-tensors.pt"));
    const auto whole = at::arange(24, at::kFloat).view({4, 6}) / 8;
    EXPECT_TRUE(at::equal(t["whole"], whole));
    EXPECT_TRUE(at::equal(t["turned"], whole.t()));
    EXPECT_TRUE(at::equal(t["columns"], whole.slice(1, 0, 6, 2)));
    EXPECT_EQ(t["scalar"].dim(), 0);
    EXPECT_EQ(t["bf16"].scalar_type(), at::kBFloat16);
    EXPECT_EQ(t["bf16"][2].item<float>(), -2);
}

TEST(PtWeights, SizesThatNoRecordHasAreRefusedBeforeMemoryIsTaken) {
    EXPECT_THROW(read_weights(YOLO_VECTORS "/pt/vast.pt"), yolodata::Error);
}

TEST(PtWeights, AModelOfAnotherKindIsRefused) {
    for (const char* name : {"checkpoint.pt", "odd-tensors.pt"}) {
        try {
            load_weights(std::string(YOLO_VECTORS "/pt/") + name);
            ADD_FAILURE() << name;
        } catch (const yolodata::Error& error) {
            EXPECT_EQ(error.kind(), yolodata::ErrorKind::corrupt);
            EXPECT_NE(std::string(error.what()).find("no weights of a YOLOv8"), std::string::npos);
        }
    }
}

TEST(PtWeights, UltralyticsCheckpointsAreReadExactly) {
    SKIP_WITHOUT_PARITY_VECTORS();
    const std::string folder = parity_folder + "checkpoint/";
    const auto facts = read_json(folder + "checkpoint.json");
    const auto last = read_weights(folder + "last.pt");
    expect_sums(last, facts["last.pt"]["ema_tensors"]);
    expect_sums(read_weights(folder + "last-stripped.pt"), facts["last.pt"]["ema_tensors"]);
    expect_sums(read_weights(folder + "plain-state-dict.pt"),
                facts["plain-state-dict.pt"]["tensors"]);
    EXPECT_EQ(last.metadata.at("source"), "ema");
    const auto loaded = load_weights(folder + "last-stripped.pt");
    EXPECT_EQ(loaded.info.names, (std::vector<std::string>{"WBC", "RBC", "Platelets"}));
    EXPECT_EQ(loaded.info.imgsz, 96);
    EXPECT_EQ(loaded.info.scale, Scale::n);
    // state_dict order, as the network has it.
    for (std::size_t i = 0; i < last.tensors.size(); ++i) {
        EXPECT_EQ(last.tensors[i].name, loaded.model.state()[i].name);
    }
}

TEST(PtWeights, OddTensorsOfTorchAreReadExactly) {
    SKIP_WITHOUT_PARITY_VECTORS();
    const auto facts = read_json(parity_folder + "checkpoint/checkpoint.json");
    auto tensors = by_name(read_weights(parity_folder + "checkpoint/odd-tensors.pt"));
    const auto& expected = facts["odd-tensors.pt"]["tensors"];
    EXPECT_EQ(tensors.size(), expected.size());
    for (const auto& [name, fact] : expected.items()) {
        const auto& tensor = tensors[name];
        EXPECT_EQ(tensor.sizes().vec(), fact["shape"].get<std::vector<std::int64_t>>()) << name;
        EXPECT_EQ(type_name(tensor), fact["dtype"].get<std::string>()) << name;
        const auto flat = tensor.to(at::kDouble).reshape(-1);
        std::vector<double> values;
        for (const auto& value : fact["values"]) {
            values.push_back(value.is_boolean() ? value.get<bool>() : value.get<double>());
        }
        EXPECT_EQ(
            std::vector<double>(flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()),
            values)
            << name;
    }
}

TEST(Transfer, StartsFromAPartAndSaysHowMuch) {
    SKIP_WITHOUT_PARITY_VECTORS();
    const std::string path = parity_folder + "checkpoint/plain-state-dict.pt";
    YoloV8 same(Scale::n, 3, 1), other(Scale::n, 80, 1);
    EXPECT_EQ(transfer_from(path, same), (std::pair{304, 355}));
    EXPECT_LT(transfer_from(path, other).first, 304);
}

TEST(Transfer, AnotherArchitectureIsNamed) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    const YoloV8 n(Scale::n, 2, 1);
    const auto message = [&](std::vector<NamedTensor> state, YoloV8 model,
                             const std::map<std::string, std::string>& metadata = {}) {
        write_safetensors(path, {std::move(state), metadata});
        const auto before = model.clone();
        std::string what = "accepted";
        try {
            transfer_from(path, model);
        } catch (const yolodata::Error& error) {
            what = error.what();
        }
        EXPECT_TRUE(what == "accepted" ||
                    at::equal(before.state()[0].tensor, model.state()[0].tensor));
        return what;
    };
    const auto has = [](const std::string& text, const std::string& part) {
        EXPECT_NE(text.find(part), std::string::npos) << text;
    };
    auto state = n.state();
    state.push_back({"model.23.cv2.0.0.conv.weight", at::ones({1})});
    has(message(state, YoloV8(Scale::n, 2)), "no tensor model.23.cv2.0.0.conv.weight");
    state = n.state();
    state[6].tensor = at::ones({32, 16, 1, 1});
    has(message(state, YoloV8(Scale::n, 2), {{"architecture", "odd.yaml"}}),
        "(it says odd.yaml): tensor model.1.conv.weight has the shape [32, 16, 1, 1]");
    has(message(n.state(), YoloV8(Scale::s, 2)), "these are weights of yolov8n");
    has(message(n.state(), YoloV8(Scale::n, 2), {{"task", "segment"}}), "of the task segment");
    has(message({{"weight", at::ones({3})}}, YoloV8(Scale::n, 2)), "no weights of a YOLOv8");
    state = n.state();
    state[3].tensor = at::full({16}, std::nan(""));
    has(message(state, YoloV8(Scale::n, 2)), "model.0.bn.running_mean holds NaN");
    EXPECT_EQ(message(n.state(), YoloV8(Scale::n, 2)), "accepted");
}

}  // namespace
}  // namespace yolotrain
