// SPDX-License-Identifier: Apache-2.0
#include "yolodata/shard/variant_layout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "yolodata/core/error.hpp"

namespace yolodata::shard {
namespace {

SetIndex index_of(std::uint64_t images, int variants, std::uint64_t seed = 7) {
    SetIndex index;
    index.options.variants = variants;
    index.options.seed = seed;
    const std::uint64_t records = images * static_cast<std::uint64_t>(variants);
    index.splits.push_back({"train", records, 0, 0, 0, variants});
    return index;
}

void expect_error(ErrorKind kind, const std::string& words, const SetIndex& index,
                  const std::string& split = "train") {
    try {
        const VariantLayout layout(index, split, "SET");
        ADD_FAILURE() << "no error: " << words;
    } catch (const Error& e) {
        EXPECT_EQ(e.kind(), kind);
        EXPECT_NE(std::string(e.what()).find(words), std::string::npos) << e.what();
        EXPECT_EQ(std::string(e.what()).rfind("SET: ", 0), 0u) << e.what();
    }
}

TEST(VariantLayout, EachRecordIsOneVariantOfOneImage) {
    for (const std::uint64_t images : {1, 2, 5, 64, 65, 1000}) {
        const VariantLayout layout(index_of(images, 3), "train", "SET");
        ASSERT_EQ(layout.images(), images);
        ASSERT_EQ(layout.variants(), 3u);
        std::set<std::uint64_t> records;
        for (std::uint32_t v = 1; v <= 3; ++v)
            for (std::uint64_t i = 0; i < images; ++i) {
                const std::uint64_t record = layout.record(i, v);
                ASSERT_TRUE(records.insert(record).second);
                ASSERT_GE(record, layout.first_record(v));
                ASSERT_LT(record, layout.first_record(v) + images);
                ASSERT_EQ(layout.image_of(record), i);
                ASSERT_EQ(layout.variant_of(record), v);
            }
        EXPECT_EQ(*records.rbegin(), 3 * images - 1);
    }
}

TEST(VariantLayout, OrdersAreThoseOfTrainingsEpochs) {
    const VariantLayout layout(index_of(100, 4, 11), "train", "SET");
    for (std::uint32_t v = 1; v <= 4; ++v) {
        const Permutation order(100, 11, v);
        for (std::uint64_t p = 0; p < 100; ++p)
            EXPECT_EQ(layout.record(order(p), v), (v - 1) * 100 + p);
    }
}

TEST(VariantLayout, OutOfRangeIsAnError) {
    const VariantLayout layout(index_of(5, 2), "train", "SET");
    EXPECT_THROW(layout.record(5, 1), Error);
    EXPECT_THROW(layout.record(0, 0), Error);
    EXPECT_THROW(layout.record(0, 3), Error);
    EXPECT_THROW(layout.image_of(10), Error);
    const VariantLayout empty(index_of(0, 2), "train", "SET");
    EXPECT_EQ(empty.images(), 0u);
    EXPECT_THROW(empty.record(0, 1), Error);
    EXPECT_THROW(empty.variant_of(0), Error);
}

TEST(VariantLayout, ASplitMayHaveOtherVariantsThanTheSet) {
    SetIndex index = index_of(6, 3);
    index.splits.push_back({"val", 6, 0, 0, 0, 0});
    index.splits.push_back({"more", 6, 0, 0, 0, 2});
    EXPECT_EQ(VariantLayout(index, "train", "SET").images(), 6u);
    EXPECT_EQ(VariantLayout(index, "more", "SET").images(), 3u);
    expect_error(ErrorKind::invalid_argument, "split val holds each image as it is", index, "val");
    index.left_out.push_back({"images/b.jpg", "val", {{"shard/record-corrupt", 0, 0, "lost"}}});
    EXPECT_EQ(VariantLayout(index, "train", "SET").images(), 6u);  // lacks nothing
}

TEST(VariantLayout, RefusesWhatDoesNotObeyIt) {
    expect_error(ErrorKind::invalid_argument, "each image as it is", index_of(5, 0));
    expect_error(ErrorKind::invalid_argument, "no split val", index_of(5, 2), "val");
    SetIndex index = index_of(5, 2);
    index.splits[0].records = 9;
    expect_error(ErrorKind::corrupt, "9 records", index);
    index = index_of(5, 2);
    index.left_out.push_back({"images/a.jpg", "train", {{"image/truncated", 0, 0, "it ends early"}}});
    EXPECT_EQ(VariantLayout(index, "train", "SET").images(), 5u);
    index.left_out.push_back({"images/b.jpg", "train", {{"shard/record-corrupt", 0, 0, "lost"}}});
    expect_error(ErrorKind::unsupported, "repair", index);
}

}  // namespace
}  // namespace yolodata::shard
