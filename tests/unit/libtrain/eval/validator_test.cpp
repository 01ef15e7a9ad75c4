// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/eval/validator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "cell_model.hpp"

namespace yolotrain {
namespace {

/// Pictures of one size with given boxes; some cannot be read.
class FakeSource final : public EvalSource {
 public:
    struct Item {
        int width, height;
        std::vector<yolodata::PixelBox> boxes;
        bool readable = true;
    };
    std::vector<Item> items;

    std::size_t size() const override { return items.size(); }
    std::pair<int, int> source_shape(std::size_t i) const override {
        return {items[i].width, items[i].height};
    }
    bool load(std::size_t i, int, yolodata::Sample& out) const override {
        if (!items[i].readable) return false;
        out.image = yolodata::Picture(items[i].width, items[i].height);
        out.boxes = items[i].boxes;
        return true;
    }
    std::string name(std::size_t i) const override { return "picture" + std::to_string(i); }
    const std::vector<std::string>& names() const override { return names_; }
    std::uint64_t boxes() const override {
        std::uint64_t sum = 0;
        for (const Item& item : items) sum += item.boxes.size();
        return sum;
    }
    std::string digest() const override { return "sha256:fake"; }

 private:
    std::vector<std::string> names_{"cell", "other"};
};

ValOptions options_of(int imgsz, bool rect) {
    ValOptions options;
    options.imgsz = imgsz;
    options.rect = rect;
    options.batch = 2;
    return options;
}

/// All four cells of a 64 × 64 picture.
std::vector<yolodata::PixelBox> four_cells() {
    return {{0, 0, 0, 32, 32}, {0, 32, 0, 64, 32}, {0, 0, 32, 32, 64}, {0, 32, 32, 64, 64}};
}

TEST(Validator, PerfectDetectorOnSquareInput) {
    FakeSource source;
    for (int i = 0; i < 5; ++i) source.items.push_back({64, 64, four_cells()});
    const ValResult result =
        validate(cell_detector(2, 0.9), source, source.names(), options_of(64, false));
    EXPECT_EQ(result.images, 5);
    EXPECT_EQ(result.instances, 20);
    EXPECT_TRUE(result.has_metrics);
    EXPECT_NEAR(result.map50, 0.995, 1e-9);
    EXPECT_NEAR(result.map, 0.995, 1e-9);
    EXPECT_NEAR(result.precision, 1, 1e-6);
    EXPECT_NEAR(result.recall, 1, 1e-6);
    ASSERT_EQ(result.classes.size(), 1U);
    EXPECT_EQ(result.classes[0].name, "cell");
    EXPECT_EQ(result.classes[0].images, 5);
    EXPECT_EQ(result.fitness(), result.map);
    EXPECT_GT(result.speed.inference, 0);
}

TEST(Validator, BoxesFollowTheLetterbox) {
    // 64 × 32 in a 64 × 64 input: 16 px of padding above; its picture is cells' lower and upper
    // halves.
    FakeSource source;
    source.items.push_back({64, 32, {{0, 0, -16, 32, 16}, {0, 32, 16, 64, 48}}});
    const ValResult square =
        validate(cell_detector(2, 0.9), source, source.names(), options_of(64, false));
    // Both targets are whole cells of the padded input, edges outside the picture included:
    // unclipped.
    EXPECT_NEAR(square.recall, 1, 1e-6);
    EXPECT_NEAR(square.precision, 0.5, 1e-6);
    // Rectangular: 96 × 64, 16 px of padding on each side in x and y.
    source.items[0].boxes = {{0, 16, -16, 48, 16}};
    const ValResult rect =
        validate(cell_detector(2, 0.9), source, source.names(), options_of(64, true));
    EXPECT_NEAR(rect.recall, 1, 1e-6);
    EXPECT_NEAR(rect.precision, 1.0 / 6, 1e-6);
}

TEST(Validator, UnreadablePicturesAreLeftOutAndNamed) {
    FakeSource source;
    for (int i = 0; i < 6; ++i) source.items.push_back({64, 64, four_cells(), i != 1 && i < 4});
    const ValResult result =
        validate(cell_detector(2, 0.9), source, source.names(), options_of(64, false));
    EXPECT_EQ(result.images, 3);
    EXPECT_EQ(result.instances, 12);
    EXPECT_THAT(result.unreadable, testing::ElementsAre("picture1", "picture4", "picture5"));
    EXPECT_NEAR(result.map, 0.995, 1e-9);
}

TEST(Validator, ASplitWithoutBoxesHasNoMetrics) {
    FakeSource source;
    source.items.push_back({64, 64, {}});
    const ValResult result =
        validate(cell_detector(2, 0.9), source, source.names(), options_of(64, true));
    EXPECT_EQ(result.images, 1);
    EXPECT_FALSE(result.has_metrics);
    EXPECT_TRUE(result.classes.empty());
    EXPECT_EQ(validate(cell_detector(2, 0.9), FakeSource{}, {}, options_of(64, true)).images, 0);
}

TEST(Validator, TheResultDoesNotDependOnWorkersOrBatch) {
    FakeSource source;
    for (int i = 0; i < 9; ++i) {
        std::vector<yolodata::PixelBox> boxes = four_cells();
        for (yolodata::PixelBox& b : boxes) b.x2 -= static_cast<float>(i);
        source.items.push_back({64, 64, boxes, i != 4});
    }
    ValOptions options = options_of(64, false);
    options.workers = 0;
    options.with_loss = true;
    const ValResult one = validate(cell_detector(2, 0.9), source, source.names(), options);
    options.workers = 3;
    const ValResult same = validate(cell_detector(2, 0.9), source, source.names(), options);
    EXPECT_EQ(same.map, one.map);
    EXPECT_EQ(same.precision, one.precision);
    EXPECT_EQ(same.box_loss, one.box_loss);
    EXPECT_GT(one.map, 0.1);
    EXPECT_LT(one.map, 0.9);
    options.batch = 9;
    EXPECT_EQ(validate(cell_detector(2, 0.9), source, source.names(), options).map, one.map);
}

TEST(Validator, LossesAreMeansOverBatches) {
    FakeSource source;
    source.items.push_back({64, 64, four_cells()});
    ValOptions options = options_of(64, false);
    options.with_loss = true;
    const ValResult one = validate(cell_detector(2, 0.9), source, source.names(), options);
    EXPECT_GT(one.cls_loss, 0);
    EXPECT_GE(one.box_loss, 0);
    source.items.resize(6, source.items[0]);
    const ValResult six = validate(cell_detector(2, 0.9), source, source.names(), options);
    EXPECT_NEAR(six.cls_loss, one.cls_loss, 1e-5 * one.cls_loss);
    EXPECT_NEAR(six.dfl_loss, one.dfl_loss, 1e-5 * one.dfl_loss);
    options.gains.cls *= 2;
    EXPECT_NEAR(validate(cell_detector(2, 0.9), source, source.names(), options).cls_loss,
                2 * one.cls_loss, 1e-5 * one.cls_loss);
}

TEST(Validator, ProgressCountsAndMayStop) {
    FakeSource source;
    for (int i = 0; i < 5; ++i) source.items.push_back({64, 64, four_cells()});
    std::vector<std::size_t> seen;
    ValOptions options = options_of(64, false);
    validate(cell_detector(2, 0.9), source, source.names(), options,
             [&](std::size_t done, std::size_t total) {
                 EXPECT_EQ(total, 5U);
                 seen.push_back(done);
             });
    EXPECT_THAT(seen, testing::ElementsAre(2, 4, 5));
    EXPECT_THROW(validate(cell_detector(2, 0.9), source, source.names(), options,
                          [](std::size_t, std::size_t) { throw std::runtime_error("stop"); }),
                 std::runtime_error);
}

TEST(Validator, TheModelIsNotTouched) {
    FakeSource source;
    source.items.push_back({64, 64, four_cells()});
    YoloV8 model = cell_detector(2, 0.9);
    model.train(true);
    const at::Tensor mean = model.state()[3].tensor.clone();
    validate(model, source, source.names(), options_of(64, false));
    EXPECT_TRUE(model.is_training());
    EXPECT_TRUE(at::equal(model.state()[3].tensor, mean));
}

}  // namespace
}  // namespace yolotrain
