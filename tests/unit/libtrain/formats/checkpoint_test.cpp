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

}  // namespace
}  // namespace yolotrain::formats
