// SPDX-License-Identifier: Apache-2.0
#include "formats/pickle.hpp"

#include "support.hpp"

namespace yolotrain::formats {
namespace {

using namespace test;
using namespace std::string_literals;

Pickle parse(const std::string& text) {
    return parse_pickle(bytes(text), "w.pt");
}

std::string refused(const std::string& text) {
    return refusal([&] { (void)parse(text); });
}

/// ("storage", torch.FloatStorage, "0", "cpu", 6) as a storage, then the tensor's other arguments.
std::string tensor(const std::string& arguments) {
    return "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"s
           "0X\3\0\0\0cpuK\6tQ"s +
           arguments + "\x89)tR.";
}

TEST(Pickle, ScalarsAndContainersAreBuilt) {
    const Pickle p = parse(
        "\x80\2(NK\7M\0\1J\xfe\xff\xff\xff\x8a\2\0\x80G?\xe0\0\0\0\0\0\0X\2\0\0\0hi\x88"
        "](K\1K\2e}X\1\0\0\0kK\3s\x89t."s);
    const Node& all = p.at(p.root);
    ASSERT_EQ(all.kind, Kind::tuple);
    ASSERT_EQ(all.items.size(), 11U);
    EXPECT_EQ(all.items[0], no_node);
    const std::int64_t expected[] = {7, 256, -2, -32768};
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(p.at(all.items[i + 1]).integer, expected[i]);
    EXPECT_EQ(p.at(all.items[5]).number, 0.5);
    EXPECT_EQ(p.at(all.items[6]).text, "hi");
    EXPECT_EQ(p.at(all.items[8]).items.size(), 2U);
    EXPECT_EQ(p.at(p.find(p.at(all.items[9]), "k")).integer, 3);
    EXPECT_EQ(p.find(p.at(all.items[9]), "other"), no_node);
}

TEST(Pickle, LongNumbersKeepTheirSign) {
    const auto one = [](const std::string& text) { return parse(text + ".").nodes.back(); };
    EXPECT_EQ(one("\x8a\0"s).integer, 0);
    EXPECT_EQ(one("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s).integer, INT64_MAX);
    EXPECT_EQ(one("\x8a\x08\0\0\0\0\0\0\0\x80"s).integer, INT64_MIN);
    EXPECT_EQ(one("\x8a\x09\0\0\0\0\0\0\0\0\1"s).number, 18446744073709551616.0);
}

TEST(Pickle, WhatWouldRunCodeIsRefusedByName) {
    for (const char* text :
         {"os.system", "posix.system", "builtins.eval", "builtins.exec", "builtins.getattr",
          "__builtin__.eval", "subprocess.Popen", "torch.load", "torch.hub.load",
          "torch.nn.functional.relu", "ultralytics.utils.checks.check_requirements",
          "torch._utils._import_dotted_name", "numpy.load", "pickle.loads", "models.yolo.Model",
          "ultralytics.nn.tasks.x\ty", "torch.nn.modules.", "collections.OrderedDict2"}) {
        const std::string name = text;
        const auto dot = name.rfind('.');
        const std::string module = name.substr(0, dot), last = name.substr(dot + 1);
        expect_has(refused("c" + module + "\n" + last + "\n(X\1\0\0\0atR."s), "run code");
        std::string newer = "\x80\4\x8c"s + static_cast<char>(module.size()) + module + "\x8c"s +
                            static_cast<char>(last.size()) + last + "\x93.";
        expect_has(refused(newer), "run code");
    }
    expect_has(refused("cos\nsystem\n(X\1\0\0\0atR."s), "refuses os.system: this file would run");
    expect_has(refused("ctorch._utils\n_rebuild_tensor_v3\n."), "save its weights alone in Python");
    EXPECT_TRUE(is_known_global("torch.nn.modules.conv.Conv2d"));
    EXPECT_TRUE(is_known_global("ultralytics.nn.tasks.DetectionModel"));
}

TEST(Pickle, ClassesAreShells) {
    const Pickle p = parse("cultralytics.nn.tasks\nDetectionModel\n)\x81}X\2\0\0\0ncK\3sb."s);
    const Node& model = p.at(p.root);
    EXPECT_EQ(model.kind, Kind::object);
    EXPECT_EQ(model.text, "ultralytics.nn.tasks.DetectionModel");
    EXPECT_EQ(p.at(p.find(model, "nc")).integer, 3);
}

TEST(Pickle, DamageIsNamedWithItsByte) {
    expect_has(refused(""), "at byte 0: it ends too early");
    expect_has(refused("K"), "ends too early");
    expect_has(refused("."), "stack is empty");
    expect_has(refused("(t"), "ends too early");
    expect_has(refused("t."), "a mark is missing");
    expect_has(refused("(0."), "stack is empty");
    expect_has(refused("K\1(\x85."), "at byte 3: its stack is empty");  // not through a mark
    expect_has(refused("h\5."), "never kept");
    expect_has(refused("X\xff\xff\xff\xff."), "longer than the file");
    expect_has(refused("\x8d\xff\xff\xff\xff\xff\xff\xff\xff."), "longer than the file");
    expect_has(refused("K\1K\2a."), "no container");
    expect_has(refused("}(K\1u."), "no container");
    expect_has(refused("(K\1d."), "no value");
    expect_has(refused("K\1)R."), "no function");
    expect_has(refused("ctorch\nSize\nK\1R."), "no function");
    expect_has(refused("K\1}b."), "attributes");
    expect_has(refused("K\1Q."), "no storage");
    expect_has(refused("\x80\x09."), "protocol 9");
    expect_has(refused("I5\n."), "opcode 0x49");
    expect_has(refused("\x82\1."), "opcode 0x82");
}

TEST(Pickle, TensorsReachNoFurtherThanTheirStorage) {
    const Pickle p = parse(tensor("K\2K\2K\2\x86K\2K\1\x86"));
    const TensorRef& t = p.tensors.at(0);
    EXPECT_EQ(t.offset, 2U);
    EXPECT_EQ(t.sizes, (std::vector<std::int64_t>{2, 2}));
    EXPECT_EQ(t.strides, (std::vector<std::int64_t>{2, 1}));
    EXPECT_EQ(p.storages.at(0).key, "0");
    expect_has(refused(tensor("K\3K\2K\2\x86K\2K\1\x86")), "beyond its storage");
    expect_has(refused(tensor("K\6))")), "beyond its storage");
    const std::string huge = "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s;
    expect_has(refused(tensor("K\0"s + "K\2\x85" + huge + "\x85")), "beyond its storage");
    expect_has(refused(tensor(huge + "K\1\x85K\1\x85")), "beyond its storage");
    expect_has(refused(tensor("K\0"s + huge + huge + "\x86K\0K\0\x86"s)), "too large");
    expect_has(refused(tensor("K\0"s + huge + "\x85K\0\x85"s)), "blows a storage of 6");
    expect_has(refused(tensor("K\0K\1\x85K\1K\1\x86"s)), "not as many strides");
    expect_has(refused(tensor("J\xff\xff\xff\xffK\1\x85K\1\x85")), "no whole number");
    expect_has(refused(tensor("K\0K\1\x85J\xff\xff\xff\xff\x85"s)), "no whole number");
    EXPECT_EQ(parse(tensor("K\0K\0\x85K\1\x85"s)).tensors.at(0).elements, 0U);
}

TEST(Pickle, DepthCyclesAndSharingAreHarmless) {
    // 200,000 tuples in each other: nothing here calls itself.
    std::string deep(200000, ')');
    for (std::size_t i = 1; i < deep.size(); ++i) deep[i] = '\x85';
    EXPECT_EQ(parse(deep + ".").nodes.size(), 200001U);
    // A list that holds itself.
    const Pickle cycle = parse("]q\0h\0a."s);
    EXPECT_EQ(cycle.at(cycle.root).items[0], cycle.root);
    // Each tuple holds the one before twice: 2^1000 leaves in 1,000 nodes.
    std::string bomb = "K\1";
    for (int i = 0; i < 1000; ++i) bomb += "2\x86";
    EXPECT_EQ(parse(bomb + ".").nodes.size(), 1002U);
    // Memo numbers are no sizes.
    EXPECT_EQ(parse("K\1r\xff\xff\xff\xff."s).nodes.size(), 2U);
    expect_has(refused(std::string(most_nodes + 1, ')')), "more than 4000000 values");
}

std::string repeated(int times, const std::string& text) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
}

TEST(Pickle, FewBytesDoNotCopyWithoutEnd) {
    // Value 0 of the memo is long; each of the repeated calls would copy it: 400 MB.
    const std::string many(10000, 'N'), letters(20000, 'a'), limit = "copies more than 64 MiB";
    const std::string list = "](" + many +
                             "eq\0"
                             "0"s,
                      tuple = "(" + many +
                              "tq\0"
                              "0"s;
    for (const char* type : {"list", "tuple", "set"}) {
        const std::string global = "cbuiltins\n"s + type +
                                   "\nq\1"
                                   "0"s;
        expect_has(refused(list + global + repeated(10000, "h\1h\0\x85R0"s) + "N."), limit);
    }
    const std::string module =
        "ctorch.nn\nModule\nq\1"
        "0"s;
    expect_has(refused(tuple + module +
                       repeated(10000,
                                "h\1h\0\x81"
                                "0"s) +
                       "N."),
               limit);
    expect_has(refused("ctorch.nn\nM" + letters + "\n" +
                       repeated(20000,
                                "2)\x81"
                                "0") +
                       "."),
               limit);
    expect_has(refused("Nq\0"s + spelled("torch.nn") +
                       "q\1"
                       "0"s +
                       spelled("M" + letters) +
                       "q\2"
                       "0"s +
                       repeated(20000,
                                "h\1h\2\x93"
                                "0"s) +
                       "."),
               limit);
    const std::string storage = "(" + spelled("storage") + "ctorch\nFloatStorage\n" +
                                spelled(letters) + spelled("cpu") +
                                "K\1tq\0"
                                "0"s;
    expect_has(refused(storage + repeated(20000, "h\0Q0"s) + "N."), limit);
    // What a list takes from the stack counts too.
    expect_has(refused(repeated(10000, "](" + repeated(2500, "N") + "e0") + "N."), limit);
}

TEST(Pickle, TensorsOfManyDimensionsHaveALimit) {
    const std::string shape = "(" + repeated(32, "K\1") +
                              "tq\0"
                              "0"s;
    const std::string storage = "(" + spelled("storage") + "ctorch\nFloatStorage\n" + spelled("0") +
                                spelled("cpu") +
                                "K\1tQq\1"
                                "0"s;
    const std::string arguments =
        "(h\1K\0h\0h\0tq\2"
        "0"s;
    const std::string rebuild =
        "ctorch._utils\n_rebuild_tensor_v2\nq\3"
        "0"s;
    const std::string head = shape + storage + arguments + rebuild;
    expect_has(refused(head + repeated(200000, "h\3h\2R0"s) + "N."), "copies more than 64 MiB");
    EXPECT_EQ(parse(head + repeated(1000, "h\3h\2R0"s) + "N.").tensors.size(), 1000U);
}

TEST(Pickle, MemoStackAndMarksHaveALimit) {
    const std::string limit = "more than 4000000 values";
    expect_has(refused("N" + std::string(most_nodes + 1, '\x94')), limit);
    expect_has(refused(std::string(most_nodes + 1, 'N')), limit);
    expect_has(refused(std::string(most_nodes + 1, '(')), limit);
}

TEST(Pickle, AnEmptyTensorHasNoSizesThatOverflow) {
    const std::string big = "\x8a\x08\0\0\0\0\0\0\0\x40"s;  // 2^62
    for (const std::string& sizes : {"K\0"s + big + "K\x08", big + "K\x08K\0"s}) {
        expect_has(refused(tensor("K\0"s + sizes + "\x87K\1K\1K\1\x87")), "too large");
    }
}

}  // namespace
}  // namespace yolotrain::formats
