// SPDX-License-Identifier: Apache-2.0
#include "../support.hpp"
#include "yolodata/core/error.hpp"
#include "yolotrain/model/yolov8.hpp"

namespace yolotrain {
namespace {

using namespace test;

std::int64_t count(const YoloV8& model) {
    std::int64_t elements = 0;
    for (const auto& [name, tensor] : model.state()) {
        if (name.ends_with(".weight") || name.ends_with(".bias")) elements += tensor.numel();
    }
    return elements;
}

TEST(Network, HasThePublishedNumberOfParameters) {
    // At 80 and 1 classes for all sizes, 3 and 20 for n; the others follow from the layer rules:
    // each class is a row of c3 weights and a bias at three levels, and c3 itself follows nc.
    const std::map<std::string, std::map<int, std::int64_t>> published = {
        {"n", {{80, 3157200}, {1, 3011043}, {2, 3011238}, {3, 3011433}, {20, 3014748}}},
        {"s", {{80, 11166560}, {1, 11135987}, {3, 11136761}, {20, 11143340}}},
        {"m", {{80, 25902640}, {1, 25856899}, {3, 25858057}, {20, 25867900}}},
        {"l", {{80, 43691520}, {1, 43630611}, {3, 43632153}, {20, 43645260}}},
        {"x", {{80, 68229648}, {1, 68153571}, {3, 68155497}, {20, 68171868}}},
    };
    for (const auto& [scale, counts] : published) {
        for (const auto& [nc, expected] : counts) {
            EXPECT_EQ(count(YoloV8::uninitialised(parse_scale(scale), nc)), expected)
                << scale << " nc " << nc;
        }
    }
}

TEST(Network, NamesItsTensorsAsUltralytics) {
    for (const std::string scale : {"n", "s", "m", "l", "x"}) {
        const auto keys = read_json(YOLO_VECTORS "/model/keys-" + scale + "-nc80.json");
        const auto model = YoloV8::uninitialised(parse_scale(scale), 80);
        ASSERT_EQ(model.state().size(), keys["state_dict"].size());
        for (std::size_t i = 0; i < model.state().size(); ++i) {
            const auto& [name, tensor] = model.state()[i];
            const auto& expected = keys["state_dict"][i];
            EXPECT_EQ(name, expected[0].get<std::string>());
            EXPECT_EQ(tensor.sizes().vec(), expected[1].get<std::vector<std::int64_t>>()) << name;
            EXPECT_EQ(tensor.scalar_type(), expected[2] == "int64" ? at::kLong : at::kFloat)
                << name;
        }
        EXPECT_EQ(model.parameters().size(),
                  keys["totals"]["parameter_tensors"].get<std::size_t>() - 1);
    }
}

TEST(Network, InitialWeightsDependOnTheSeedAlone) {
    const YoloV8 a(Scale::n, 3, 7), b(Scale::n, 3, 7), c(Scale::n, 3, 8);
    std::size_t differing = 0;
    for (std::size_t i = 0; i < a.state().size(); ++i) {
        EXPECT_TRUE(at::equal(a.state()[i].tensor, b.state()[i].tensor)) << a.state()[i].name;
        differing += !at::equal(a.state()[i].tensor, c.state()[i].tensor);
    }
    EXPECT_EQ(differing, 63U);  // the convolutions' weights
}

TEST(Network, StartsFromTheStatedDistributions) {
    const YoloV8 model(Scale::n, 3, 1);
    for (const auto& [name, tensor] : model.state()) {
        const auto values = tensor.detach().to(at::kDouble);
        if (name.ends_with("dfl.conv.weight")) {
            EXPECT_TRUE(at::equal(values.flatten(), at::arange(16, at::kDouble)));
        } else if (name.ends_with(".weight") && tensor.dim() == 4) {
            const double bound = 1 / std::sqrt(static_cast<double>(tensor[0].numel()));
            const double largest = values.abs().max().item<double>();
            EXPECT_LE(largest, bound * (1 + 1e-6)) << name;
            EXPECT_GT(largest, bound * 0.95) << name;
            // Variance of U(−b, b) is b²/3.
            EXPECT_NEAR(values.square().mean().item<double>() / (bound * bound / 3), 1, 0.15)
                << name;
        } else if (name.ends_with("bn.weight") || name.ends_with("running_var")) {
            EXPECT_TRUE(at::equal(values, at::ones_like(values))) << name;
        } else if (name.find(".cv2.") != name.npos && name.ends_with(".2.bias")) {
            EXPECT_TRUE(at::equal(values, at::full_like(values, 2.0))) << name;
        } else if (name.find(".cv3.") != name.npos && name.ends_with(".2.bias")) {
            const int level = name[13] - '0';
            const double cells =
                std::pow(640.0 / level_strides[static_cast<std::size_t>(level)], 2);
            EXPECT_NEAR(values.min().item<double>(), std::log(5.0 / 3 / cells), 1e-6) << name;
        } else {
            EXPECT_EQ(values.abs().sum().item<double>(), 0) << name;
        }
    }
}

TEST(Network, TrainingMovesRunningStatisticsAndEvaluationDoesNot) {
    YoloV8 model(Scale::n, 2, 1);
    const auto x = at::rand({2, 3, 64, 96});
    const auto before = model.clone();
    model.train(false);
    const auto maps = model.forward(x);
    EXPECT_EQ(maps[0].sizes().vec(), (std::vector<std::int64_t>{2, 66, 8, 12}));
    EXPECT_EQ(maps[2].sizes().vec(), (std::vector<std::int64_t>{2, 66, 2, 3}));
    for (std::size_t i = 0; i < before.state().size(); ++i) {
        EXPECT_TRUE(at::equal(before.state()[i].tensor, model.state()[i].tensor));
    }
    model.train(true);
    model.forward(x);
    for (std::size_t i = 0; i < before.state().size(); ++i) {
        const auto& [name, tensor] = model.state()[i];
        const bool statistic = name.find(".running_") != name.npos || name.ends_with("_tracked");
        EXPECT_NE(at::equal(before.state()[i].tensor, tensor), statistic) << name;
        if (name.ends_with("_tracked")) {
            EXPECT_EQ(tensor.item<std::int64_t>(), 1);
        }
    }
}

TEST(Network, FrozenLayersStayAsTheyAre) {
    YoloV8 model(Scale::n, 2, 1);
    model.freeze(10);
    EXPECT_EQ(model.parameters().front().name, "model.12.cv1.conv.weight");
    const auto before = model.clone();
    const auto maps = model.forward(at::rand({2, 3, 64, 64}));
    (maps[0].sum() + maps[1].sum() + maps[2].sum()).backward();
    for (std::size_t i = 0; i < before.state().size(); ++i) {
        const auto& [name, tensor] = model.state()[i];
        if (std::stoi(name.substr(6)) < 10) {
            EXPECT_TRUE(at::equal(before.state()[i].tensor, tensor)) << name;
            EXPECT_FALSE(tensor.grad().defined()) << name;
        }
    }
    EXPECT_TRUE(model.parameters().front().tensor.grad().defined());
    model.freeze(0);
    EXPECT_EQ(model.parameters().front().name, "model.0.conv.weight");
    EXPECT_THROW(model.freeze(23), yolodata::Error);
}

TEST(Network, RefusesWhatItCannotRun) {
    YoloV8 model(Scale::n, 2);
    EXPECT_THROW(model.forward(at::rand({1, 3, 64, 50})), yolodata::Error);
    EXPECT_THROW(model.forward(at::rand({1, 1, 64, 64})), yolodata::Error);
    EXPECT_THROW(model.forward(at::rand({0, 3, 64, 64})), yolodata::Error);
    EXPECT_THROW(YoloV8(Scale::n, 0), yolodata::Error);
    EXPECT_EQ(parse_scale("yolov8m.yaml"), Scale::m);
    try {
        parse_scale("yolo11s");
        FAIL();
    } catch (const yolodata::Error& e) {
        EXPECT_NE(std::string(e.what()).find("did you mean yolov8s?"), std::string::npos)
            << e.what();
    }
}

TEST(Decode, GivesCentreSizeAndProbabilityOfEachAnchor) {
    const std::int64_t nc = 2;
    RawMaps maps;
    for (std::size_t l = 0; l < 3; ++l) {
        maps[l] = at::randn({2, box_channels + nc, 4 >> l, 8 >> l}, at::kFloat) * 3;
    }
    auto strided = maps;
    for (auto& map : strided) map = map.contiguous(at::MemoryFormat::ChannelsLast);
    const auto decoded = decode(maps);
    ASSERT_EQ(decoded.sizes().vec(), (std::vector<std::int64_t>{2, 4 + nc, 32 + 8 + 2}));
    EXPECT_LE(largest_difference(decode(strided), decoded), 1e-4);

    // One anchor by hand: level 1 (8 anchors, after 32), row 1, column 2, of the second image.
    const std::int64_t row = 1, column = 2, anchor = 32 + row * 4 + column;
    double side[4];
    for (int s = 0; s < 4; ++s) {
        double sum = 0, weighted = 0;
        for (int bin = 0; bin < 16; ++bin) {
            const double e = std::exp(maps[1][1][16 * s + bin][row][column].item<double>());
            sum += e;
            weighted += bin * e;
        }
        side[s] = weighted / sum * 16;
    }
    const double cx = (column + 0.5) * 16, cy = (row + 0.5) * 16;
    const auto got = decoded[1];
    EXPECT_NEAR(got[0][anchor].item<double>(), cx + (side[2] - side[0]) / 2, 1e-3);
    EXPECT_NEAR(got[1][anchor].item<double>(), cy + (side[3] - side[1]) / 2, 1e-3);
    EXPECT_NEAR(got[2][anchor].item<double>(), side[0] + side[2], 1e-3);
    EXPECT_NEAR(got[3][anchor].item<double>(), side[1] + side[3], 1e-3);
    const double logit = maps[1][1][box_channels + 1][row][column].item<double>();
    EXPECT_NEAR(got[5][anchor].item<double>(), 1 / (1 + std::exp(-logit)), 1e-6);
}

}  // namespace
}  // namespace yolotrain
