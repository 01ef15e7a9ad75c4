// SPDX-License-Identifier: Apache-2.0
#include "yolodata/verify/stats.hpp"

#include <gmock/gmock.h>

#include "small_dataset.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata {
namespace {

using testing::ElementsAre;
using testing::Pair;

class StatsTest : public SmallDataset {
 protected:
    StatsTest() {
        for (int i = 0; i < 100; ++i)
            put_pair("train/t" + std::to_string(i), i, std::to_string(i % 2) + " .5 .5 .4 .4\n");
        put_pair("val/v", 100, "1 .5 .5 0 .4\n0 .2 .2 .1 .1\n");
    }
};

TEST_F(StatsTest, TheSameWhateverTheJobs) {
    const DatasetStats one = dataset_stats(open(), {.jobs = 1});
    const DatasetStats many = dataset_stats(open(), {.jobs = 5});
    EXPECT_EQ(one.total.images, 101u);
    EXPECT_EQ(one.total.boxes, 102u);
    EXPECT_EQ(many.total.boxes, one.total.boxes);
    EXPECT_EQ(many.total.centres, one.total.centres);
    EXPECT_EQ(many.total.sides, one.total.sides);
    EXPECT_EQ(many.total.aspects, one.total.aspects);
    EXPECT_EQ(many.total.image_sizes, one.total.image_sizes);
    EXPECT_EQ(many.total.boxes_per_image, one.total.boxes_per_image);
    EXPECT_EQ(many.splits[1].boxes, 2u);
    EXPECT_EQ(one.total.classes.at(1).images, 51u);
}

TEST_F(StatsTest, ABoxWithoutAnAreaHasNoShape) {
    const SplitStats val = dataset_stats(open(), {}).splits[1];
    EXPECT_EQ(val.boxes, 2u);
    EXPECT_EQ(val.sides[0], 1u);
    std::uint64_t shapes = 0;
    for (const std::uint64_t n : val.aspects) shapes += n;
    EXPECT_EQ(shapes, 1u);
}

TEST_F(StatsTest, PicturesAreNotDecoded) {
    std::string cut = picture(1);
    cut.resize(cut.size() / 2);
    put("images/train/t1.jpg", cut);
    const DatasetStats stats = dataset_stats(open(), {});
    EXPECT_EQ(stats.total.unusable_images, 0u);
    EXPECT_EQ(stats.total.boxes, 102u);
}

// Only the first KiB of a file are read, and more where its header is longer.
TEST_F(StatsTest, ALongHeaderIsRead) {
    std::string segments;
    for (int i = 0; i < 4; ++i)
        segments += std::string("\xFF\xE5\xEA\x62", 4) + std::string(60000, 'x');
    std::string long_header = picture(1, 32, 16);
    long_header.insert(2, segments);
    put("images/train/t1.jpg", long_header);
    put("images/train/t2.jpg", picture(2, 48, 16) + std::string(100'000, 'x'));
    const DatasetStats stats = dataset_stats(open(), {});
    EXPECT_EQ(stats.total.unusable_images, 0u);
    EXPECT_EQ(stats.total.image_sizes.at({32, 16}), 1u);
    EXPECT_EQ(stats.total.image_sizes.at({48, 16}), 1u);
}

TEST_F(StatsTest, ManyBoxesShareOneEntry) {
    std::string rows;
    for (int i = 0; i < 1200; ++i) rows += "0 .5 .5 .2 0." + std::to_string(1000 + i) + "\n";
    put_pair("val/v", 100, rows);
    EXPECT_THAT(dataset_stats(open(), {}).splits[1].boxes_per_image, ElementsAre(Pair(1000u, 1u)));
}

TEST_F(StatsTest, StopsAndPassesOnWhatProgressThrows) {
    EXPECT_TRUE(
        dataset_stats(open(), {}, [](std::uint64_t, std::uint64_t) { return false; }).stopped);
    EXPECT_THROW(
        dataset_stats(open(), {.jobs = 3}, [](std::uint64_t, std::uint64_t) -> bool { throw 7; }),
        int);
    EXPECT_THROW(dataset_stats(open(), {.jobs = 0}), Error);
}

TEST(Edges, AreWhatTheNamesSay) {
    EXPECT_THAT(side_edges(), ElementsAre(0, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024));
    EXPECT_THAT(aspect_edges(), ElementsAre(0, .125, .25, .5, 1, 2, 4, 8));
}

}  // namespace
}  // namespace yolodata
