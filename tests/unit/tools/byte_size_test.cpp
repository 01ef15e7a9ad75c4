// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "common/command_line.hpp"
#include "yolodata/core/error.hpp"

namespace {

TEST(ByteSize, ReadsBinaryAndDecimalUnits) {
    EXPECT_EQ(tools::parse_byte_size("512MiB").bytes, 512ull << 20);
    EXPECT_EQ(tools::parse_byte_size("2GiB").bytes, 2ull << 30);
    EXPECT_EQ(tools::parse_byte_size("1.5G").bytes, 1'500'000'000ull);
    EXPECT_EQ(tools::parse_byte_size("64k").bytes, 64'000ull);
    EXPECT_EQ(tools::parse_byte_size("1Ti").bytes, 1ull << 40);
    EXPECT_EQ(tools::parse_byte_size("1234").bytes, 1234ull);
    EXPECT_EQ(tools::parse_byte_size("10 MB").bytes, 10'000'000ull);
}

TEST(ByteSize, RefusesWhatIsNoSize) {
    for (const char* text : {"", "MiB", "-1G", "1X", "1MiBs", "nan", "inf", "1e300", "9999999999T", "1,5G"}) {
        EXPECT_THROW(tools::parse_byte_size(text), yolodata::Error) << text;
    }
}

}  // namespace
