// SPDX-License-Identifier: Apache-2.0
#include "yolodata/pack/codec_choice.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "pack/codec_costs.hpp"

namespace yolodata::pack {
namespace {

/// A hundred thousand pictures of 640 x 480 px on a machine of 16 GB.
CodecCosts large_set(double read_bytes_per_second) {
    return {100'000, 921'600, 150'000, 0.002, read_bytes_per_second, 16e9, 8};
}

TEST(CodecChoice, AFastDiskMeansRawAndASlowOneJpeg) {
    EXPECT_EQ(choose_codec(large_set(7e9)).codec, "raw");     // 7,600 images/s against 4,000 decoded
    EXPECT_EQ(choose_codec(large_set(500e6)).codec, "jpeg");  // 540 against 3,300
    EXPECT_NEAR(choose_codec(large_set(500e6)).raw_rate, 542.5, 1);
    EXPECT_NEAR(choose_codec(large_set(500e6)).jpeg_rate, 3333, 1);
    EXPECT_NEAR(choose_codec(large_set(7e9)).jpeg_rate, 4000, 1) << "the decoder's rate";
}

TEST(CodecChoice, WhatTheMemoryHoldsIsRaw) {
    CodecCosts small = large_set(100e6);
    small.images = 5000;
    const CodecChoice choice = choose_codec(small);
    EXPECT_TRUE(choice.cached);
    EXPECT_EQ(choice.codec, "raw");
}

TEST(CodecChoice, RawWhereNothingIsKnown) { EXPECT_EQ(choose_codec(large_set(0)).codec, "raw"); }

TEST(CodecChoice, TheProbeLeavesNothing) {
    std::string folder = (std::filesystem::temp_directory_path() / "yolo-probe-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    EXPECT_GT(measure_read_speed(folder), 1e6);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
    std::filesystem::remove(folder);
    EXPECT_EQ(measure_read_speed(folder + "/none"), 0);
}

}  // namespace
}  // namespace yolodata::pack
