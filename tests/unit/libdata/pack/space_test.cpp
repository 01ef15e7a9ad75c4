// SPDX-License-Identifier: Apache-2.0
#include "pack/space.hpp"

#include <gtest/gtest.h>

#include "drawn_folder.hpp"
#include "yolodata/core/error.hpp"

namespace yolodata::pack {
namespace {

TEST(Space, IsRefusedWhereTheShardsCannotFit) {
    const testing::DrawnFolder folder;
    std::vector<Place> places;
    for (std::uint32_t i = 0; i < 20; ++i) {
        folder.write("images/train/" + std::to_string(i) + ".png", encode_png(testing::drawn_picture(100, 50)));
        places.push_back({0, i});
    }
    const Dataset dataset = folder.open();
    PackPlan options;
    options.set.imgsz = 100;
    const std::uint64_t need = 20 * (100 * 50 * 3 + 512);  // 303 KiB; full squares would be 586 KiB
    EXPECT_NO_THROW(check_space(dataset, places, options, 10 << 20, "out"));
    EXPECT_NO_THROW(check_space(dataset, places, options, need, "out"));
    EXPECT_NO_THROW(check_space(dataset, places, options, 0, "out"));  // unknown
    try {
        check_space(dataset, places, options, need / 2, "out");
        ADD_FAILURE() << "was let through";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), ErrorKind::resource);
        EXPECT_TRUE(std::string(e.what()).starts_with("out: about 0 MiB are needed")) << e.what();
    }
}

TEST(Space, OfSplitsThatMeasureIsTakenTwiceAndNotForEachVariant) {
    const testing::DrawnFolder folder;
    std::vector<Place> places;
    for (std::uint32_t i = 0; i < 20; ++i) {
        folder.write("images/train/" + std::to_string(i) + ".png", encode_png(testing::drawn_picture(100, 100)));
        places.push_back({0, i, i >= 10});
    }
    const Dataset dataset = folder.open();
    PackPlan options;
    options.set.imgsz = 100;
    options.set.variants = 8;
    const std::uint64_t picture = 100 * 100 * 3 + 512;
    EXPECT_NO_THROW(check_space(dataset, places, options, 110 * picture, "out"));
    EXPECT_THROW(check_space(dataset, places, options, 110 * picture * 8 / 10, "out"), Error);
    // What variants are made from is raw, whatever the codec.
    options.set.variants = 0;
    options.set.codec = "jpeg";
    options.for_variants = true;
    EXPECT_THROW(check_space(dataset, places, options, 10 * picture * 8 / 10, "out"), Error);
    options.for_variants = false;
    EXPECT_NO_THROW(check_space(dataset, places, options, 10 * picture * 8 / 10, "out"));
}

TEST(Space, OfVariantsCountsWhatIsYetToBeWritten) {
    const testing::DrawnFolder folder;
    folder.write("images/train/a.png", encode_png(testing::drawn_picture(100, 100)));
    const Dataset dataset = folder.open();
    PackOptions options;
    options.set.imgsz = 100;
    const std::vector<Place> places{{0, 0}};
    const std::uint64_t need = 50 * (100 * 100 * 3 + 512);
    EXPECT_NO_THROW(check_variant_space(dataset, places, {50, 0}, options, need, "out"));
    EXPECT_NO_THROW(check_variant_space(dataset, places, {50, 0}, options, 0, "out"));  // unknown
    EXPECT_NO_THROW(check_variant_space(dataset, places, {40, need / 5}, options, need, "out"));
    EXPECT_THROW(check_variant_space(dataset, places, {40, need}, options, need, "out"), Error);
    EXPECT_THROW(check_variant_space(dataset, places, {100, 0}, options, need, "out"), Error);
    options.set.codec = "jpeg";
    EXPECT_NO_THROW(check_variant_space(dataset, places, {100, 0}, options, need, "out"));
    EXPECT_THROW(check_variant_space(dataset, places, {100, 0}, options, need / 100, "out"), Error);
}

}  // namespace
}  // namespace yolodata::pack
