// SPDX-License-Identifier: Apache-2.0
#include "../support.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using namespace test;
using yolodata::ErrorKind;

WeightsInfo info_of(std::vector<std::string> names) {
    WeightsInfo info;
    info.names = std::move(names);
    info.imgsz = 320;
    info.data_digest = "sha256:00";
    return info;
}

std::string refusal(const std::function<void()>& action) {
    try {
        action();
    } catch (const yolodata::Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::corrupt) << e.what();
        return e.what();
    }
    return "accepted";
}

TEST(Weights, RoundTripGivesTheSameModelAndFacts) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    YoloV8 model(Scale::n, 2, 5);
    model.forward(at::rand({1, 3, 64, 64}));  // running statistics of their own
    save_weights(path, model.state(), info_of({"cell", "it's \"ö\""}));
    auto loaded = load_weights(path);
    EXPECT_EQ(loaded.info.names, (std::vector<std::string>{"cell", "it's \"ö\""}));
    EXPECT_EQ(loaded.info.imgsz, 320);
    EXPECT_EQ(loaded.info.data_digest, "sha256:00");
    EXPECT_EQ(loaded.info.scale, Scale::n);
    EXPECT_FALSE(loaded.model.is_training());
    for (std::size_t i = 0; i < model.state().size(); ++i) {
        EXPECT_TRUE(at::equal(model.state()[i].tensor, loaded.model.state()[i].tensor));
    }
    const auto metadata = read_safetensors(path).metadata;
    EXPECT_EQ(metadata.at("task"), "detect");
    EXPECT_EQ(metadata.at("stride"), "32");
    EXPECT_EQ(metadata.at("imgsz"), "[320, 320]");
    EXPECT_EQ(nlohmann::json::parse(metadata.at("names"))["0"], "cell");
}

TEST(Weights, NamesOfAPythonExportAreRead) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    const YoloV8 model(Scale::n, 3);
    auto names = [&](const std::string& text) {
        write_safetensors(path, {model.state(), {{"names", text}, {"imgsz", "640"}}});
        return load_weights(path).info.names;
    };
    EXPECT_EQ(names("{0: 'a', 1: \"it's\", 2: '\"q\" 3\\\\ \\'x\\''}"),
              (std::vector<std::string>{"a", "it's", "\"q\" 3\\ 'x'"}));
    EXPECT_EQ(names("['a', 'b', 'c']"), (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_EQ(names("{\"2\":\"c\",\"0\":\"a\",\"1\":\"b\"}"),
              (std::vector<std::string>{"a", "b", "c"}));
    EXPECT_NE(refusal([&] { names("{0: 'a'}"); }).find("names"), std::string::npos);
    EXPECT_NE(refusal([&] { names("{0: 'a', 1: 'b', 7: 'c'}"); }).find("names"), std::string::npos);
    EXPECT_NE(refusal([&] { names("{0: 'a', 1: 'b', 2: __import__('os')}"); }).find("names"),
              std::string::npos);
    write_safetensors(path, {model.state(), {}});
    EXPECT_EQ(load_weights(path).info.names,
              (std::vector<std::string>{"class0", "class1", "class2"}));
}

TEST(Weights, NotANumberIsRefusedByTheTensorsName) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    for (const std::string key : {"model.4.m.1.cv2.bn.running_var", "model.22.cv3.1.2.bias"}) {
        for (const double bad : {std::nan(""), HUGE_VAL}) {
            YoloV8 model(Scale::n, 2);
            for (const auto& [name, tensor] : model.state()) {
                if (name == key) tensor.detach().view(-1)[0] = bad;
            }
            EXPECT_NE(refusal([&] {
                          save_weights(path, model.state(), info_of({"a", "b"}));
                      }).find(key),
                      std::string::npos);
            EXPECT_FALSE(std::filesystem::exists(path));
            write_safetensors(path, {model.state(), {}});
            EXPECT_NE(refusal([&] { load_weights(path); }).find(key), std::string::npos);
            YoloV8 other(Scale::n, 2, 9);
            const auto before = other.clone();
            EXPECT_NE(refusal([&] { transfer(read_safetensors(path), other); }).find(key),
                      std::string::npos);
            EXPECT_TRUE(at::equal(before.state()[0].tensor, other.state()[0].tensor))
                << "nothing is changed";
            std::filesystem::remove(path);
        }
    }
}

TEST(Weights, FilesOfAnotherKindAreRefused) {
    const TemporaryFolder folder;
    const auto path = folder.file("w.safetensors");
    auto write = [&](const std::vector<NamedTensor>& state) {
        write_safetensors(path, {state, {}});
    };
    auto message = [&] { return refusal([&] { load_weights(path); }); };
    const YoloV8 model(Scale::n, 2);
    write({{"weight", at::ones({3})}});
    EXPECT_NE(message().find("no weights of a YOLOv8"), std::string::npos);
    auto state = model.state();
    state.pop_back();
    state.pop_back();  // the last bias; the DFL's constant before it may be absent
    write(state);
    EXPECT_NE(message().find("model.22.cv3.2.2.bias is missing"), std::string::npos);
    state = model.state();
    state[6].tensor = at::ones({32, 16, 1, 1});
    write(state);
    EXPECT_NE(message().find("model.1.conv.weight has the shape [32, 16, 1, 1]"),
              std::string::npos);
    state = model.state();
    state.push_back({"model.23.weight", at::ones({1})});
    write(state);
    EXPECT_NE(message().find("belong to no YOLOv8"), std::string::npos);
}

TEST(Weights, TransferTakesWhatFits) {
    const YoloV8 from(Scale::n, 80, 1);
    YoloV8 same(Scale::n, 80, 2), fewer(Scale::n, 3, 2), larger(Scale::s, 80, 2);
    EXPECT_EQ(transfer({from.state(), {}}, same), (std::pair{355, 355}));
    EXPECT_TRUE(at::equal(from.state().front().tensor, same.state().front().tensor));
    // Another number of classes: here the hidden width of the class branch (80, 64) changes too.
    const auto [copied, all] = transfer({from.state(), {}}, fewer);
    EXPECT_EQ(all, 355);
    EXPECT_EQ(copied, 355 - 3 * (1 + 5 + 1 + 5 + 2) + 3 * 2);
    EXPECT_LT(transfer({from.state(), {}}, larger).first, 130);
    auto wrapped = from.state();
    for (auto& entry : wrapped) entry.name = "model." + entry.name;
    EXPECT_EQ(transfer({wrapped, {}}, same).first, 355);
}

}  // namespace
}  // namespace yolotrain
