// SPDX-License-Identifier: Apache-2.0
#include "formats/checkpoint.hpp"

#include "formats/pt_file.hpp"
#include "support.hpp"

namespace yolotrain::formats {
namespace {

using namespace test;
using namespace std::string_literals;

StateDict of(const std::string& pickle) {
    return find_state_dict(parse_pickle(bytes(pickle), "w.pt"), "w.pt");
}

std::vector<std::string> names(const StateDict& state) {
    std::vector<std::string> out;
    for (const auto& item : state.items) out.push_back(item.name);
    return out;
}

TEST(Checkpoint, TheAverageComesFirstAndFactsTravelAlong) {
    const std::string content = vector_file("checkpoint.pt");
    const MemorySource source(bytes(content));
    const PtFile file(source, "w.pt");
    const StateDict state = find_state_dict(file.pickle(), "w.pt");
    EXPECT_EQ(names(state), (std::vector<std::string>{"model.0.conv.weight", "model.0.bn.bias",
                                                      "model.0.bn.running_mean",
                                                      "model.0.bn.num_batches_tracked"}));
    EXPECT_EQ(state.metadata.at("source"), "ema");
    EXPECT_EQ(state.metadata.at("names"), R"({"0":"cell","1":"it's"})");
    EXPECT_EQ(state.metadata.at("imgsz"), "[96, 96]") << "of the training, not of the model's args";
    EXPECT_EQ(state.metadata.at("task"), "detect");
    EXPECT_EQ(state.metadata.at("architecture"), "tiny.yaml");
}

TEST(Checkpoint, AStrippedOneHasItsModel) {
    const std::string content = vector_file("stripped.pt");
    const MemorySource source(bytes(content));
    const PtFile file(source, "w.pt");
    const StateDict state = find_state_dict(file.pickle(), "w.pt");
    EXPECT_EQ(state.metadata.at("source"), "model");
    EXPECT_EQ(state.metadata.at("imgsz"), "[128, 128]");
}

TEST(Checkpoint, OfBothTheAverageIsTaken) {
    const std::string content = vector_file("both.pt");
    const MemorySource source(bytes(content));
    const PtFile file(source, "w.pt");
    EXPECT_EQ(find_state_dict(file.pickle(), "w.pt").metadata.at("source"), "ema");
}

TEST(Checkpoint, WhatHoldsNoModelIsRefused) {
    for (const std::string& text : {"K\1."s, "}."s, "N."s, "]."s, "}X\5\0\0\0modelK\1s."s}) {
        expect_has(refusal([&] { (void)of(text); }), "holds no weights");
    }
}

TEST(Checkpoint, ModulesWithoutEndAreRefused) {
    // A module that is its own child.
    const std::string self =
        "ctorch.nn.modules.container\nSequential\n)\x81q\0}X\x08\0\0\0_modules}X\1\0\0\0ah\0ssb."s;
    expect_has(refusal([&] { (void)of(self); }), "nested without end");
    // Each module is twice the child of the next: 2^40 places.
    std::string bomb = "N";
    for (int i = 0; i < 40; ++i) {
        bomb +=
            "q\0ctorch.nn.modules.container\nSequential\n)\x81}X\x08\0\0\0_modules}(X\1\0\0\0ah\0"
            "X\1\0\0\0bh\0usb"s;
    }
    expect_has(refusal([&] { (void)of(bomb + "."); }), "too many modules");
    // One module of 10,000 attributes is 2,000 times a child.
    const std::string sequential = "ctorch.nn.modules.container\nSequential\n)\x81}("s;
    std::string wide = sequential;
    for (int i = 0; i < 10000; ++i) wide += "K\1K\2";
    wide += "ubq\0"s + "0" + sequential + "X\x08\0\0\0_modules}("s;
    for (int i = 0; i < 2000; ++i) wide += "X\4\0\0\0"s + std::to_string(1000 + i) + "h\0"s;
    expect_has(refusal([&] { (void)of(wide + "uub."); }), "too many modules");
}

/// One number.
const std::string one_tensor = "ctorch._utils\n_rebuild_tensor_v2\n((" + spelled("storage") +
                               "ctorch\nFloatStorage\n" + spelled("0") + spelled("cpu") +
                               "K\1tQK\0))\x89)tR"s;

/// A checkpoint of one tensor, and these class names.
StateDict with_names(const std::string& names) {
    return of("}(" + spelled("model") + "}" + spelled("w") + one_tensor + "s" + spelled("names") +
              names + "u.");
}

TEST(Checkpoint, ClassNamesHaveALimit) {
    EXPECT_EQ(with_names("](X\1\0\0\0aK\7e"s).metadata.at("names"), R"({"0":"a","1":"7"})");
    EXPECT_EQ(with_names("}(K\2X\1\0\0\0aK\1X\1\0\0\0bK\2X\1\0\0\0cu"s).metadata.at("names"),
              R"({"2":"c","1":"b"})");
    expect_has(refusal([&] { (void)with_names("](" + std::string(100001, 'N') + "e"); }),
               "too many class names");
    // A text of 1,000 bytes that stands for each of 20,000 names.
    std::string shared = "](" + spelled(std::string(1000, 'a')) + "q\0"s;
    for (int i = 1; i < 20000; ++i) shared += "h\0"s;
    expect_has(refusal([&] { (void)with_names(shared + "e"); }), "class names are too long");
    // As many as there may be take no time that grows with their square.
    const auto most = with_names("](" + std::string(100000, 'N') + "e").metadata.at("names");
    EXPECT_TRUE(most.ends_with(R"("99999":""})")) << most.size();
}

TEST(Checkpoint, WhatFlopsCountersLeaveIsPassedOver) {
    std::string dict = "}(";
    for (const char* key : {"total_ops", "model.0.conv.total_params", "model.0.conv.weight",
                            "model.0.total_ops", "total_params", "total_ops.weight"}) {
        dict += spelled(key) + one_tensor;
    }
    const std::vector<std::string> kept = {"model.0.conv.weight", "total_ops.weight"};
    EXPECT_EQ(names(of(dict + "u.")), kept);
    EXPECT_EQ(names(of("}" + spelled("state_dict") + dict + "us.")), kept);
}

TEST(Checkpoint, ATensorsNameHasALimit) {
    const std::string words = "a tensor's name is too long";
    const auto dict = [](std::size_t length) {
        return of("}" + spelled(std::string(length, 'a')) + one_tensor + "s.");
    };
    EXPECT_EQ(dict(1000).items.size(), 1U);
    expect_has(refusal([&] { (void)dict(1001); }), words);
    // Twenty modules in each other.
    const std::string sequential = "ctorch.nn.modules.container\nSequential\n)\x81}";
    std::string chain =
        sequential + spelled("_parameters") + "}" + spelled("w") + one_tensor + "ssb";
    for (int i = 0; i < 20; ++i) {
        chain =
            sequential + spelled("_modules") + "}" + spelled(std::string(60, 'a')) + chain + "ssb";
    }
    expect_has(refusal([&] { (void)of(chain + "."); }), words);
}

}  // namespace
}  // namespace yolotrain::formats
