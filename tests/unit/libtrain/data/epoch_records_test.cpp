// SPDX-License-Identifier: Apache-2.0
#include "yolotrain/data/epoch_records.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "drawn_set.hpp"
#include "yolodata/core/error.hpp"

namespace yolotrain {
namespace {

using yolodata::shard::ShardSet;

TEST(EpochRecords, OfAPlainSetAreAll) {
    const test::ScratchFolder scratch;
    test::draw_set(scratch / "set", 7, 0, 32);
    const EpochRecords records(ShardSet(scratch / "set", "train"));
    EXPECT_EQ(records.size(), 7u);
    EXPECT_EQ(records.variants(), 0);
    EXPECT_EQ(records.first(5), 0u);
}

TEST(EpochRecords, OfASetOfVariantsAreOneVariantAfterTheOther) {
    const test::ScratchFolder scratch;
    test::draw_variants(scratch / "set", 5, 3, 32);
    const ShardSet set(scratch / "set", "train");
    const EpochRecords records(set);
    EXPECT_EQ(records.size(), 5u);
    EXPECT_EQ(records.variants(), 3);
    for (const std::int64_t epoch : {0, 1, 2, 3, 300'001}) {
        for (std::uint64_t i = 0; i < 5; ++i) {
            EXPECT_EQ(set.info(records.first(epoch) + i).variant, epoch % 3 + 1) << epoch;
        }
    }
}

TEST(EpochRecords, OfASplitWithoutVariantsAreAllInASetOfVariantsToo) {
    const test::ScratchFolder scratch;
    test::draw_variants(scratch / "set", 5, 3, 32);
    const EpochRecords records(ShardSet(scratch / "set", "val"));
    EXPECT_EQ(records.size(), 4u);
    EXPECT_EQ(records.variants(), 0);
    EXPECT_EQ(records.first(2), 0u);
}

TEST(EpochRecords, ASetThatHoldsSomethingElseIsAnError) {
    const test::ScratchFolder scratch;
    test::draw_variants(scratch / "set", 5, 3, 32);
    const std::string file = scratch / "set/index.json";
    const std::string text = test::slurp(file);
    for (const int claimed : {5, 4}) {  // 15 records are no five variants of three images, and no four of anything
        nlohmann::json index = nlohmann::json::parse(text);
        index["options"]["variants"] = claimed;
        std::ofstream(file) << index.dump();
        try {
            const EpochRecords records(ShardSet(scratch / "set", "train"));
            FAIL() << "no error for " << claimed;
        } catch (const yolodata::Error& error) {
            EXPECT_EQ(error.kind(), yolodata::ErrorKind::corrupt);
            EXPECT_NE(std::string(error.what()).find("train-00000.yds"), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace yolotrain
