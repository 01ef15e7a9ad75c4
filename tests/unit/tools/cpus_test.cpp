// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>

#include "common/progress.hpp"

namespace {

TEST(ThreadCount, IsTheFirstOfAList) {
    EXPECT_EQ(tools::first_thread_count("1"), 1);
    EXPECT_EQ(tools::first_thread_count("4,2"), 4);
    EXPECT_EQ(tools::first_thread_count(" 3 , 1"), 3);
    EXPECT_EQ(tools::first_thread_count("1000"), 1000) << "capped by nothing";
    for (const char* text : {"", " ", ",2", "0", "-1", "two", "2x", "2 3", "1e3", "99999999999"}) {
        EXPECT_EQ(tools::first_thread_count(text), 0) << text;
    }
}

TEST(ThreadCount, OfTheEnvironmentComesBeforeTheCpus) {
    ASSERT_EQ(::setenv("OMP_NUM_THREADS", "77,1", 1), 0);
    EXPECT_EQ(tools::network_threads(), 77);
    for (const char* text : {"none", ""}) {
        ASSERT_EQ(::setenv("OMP_NUM_THREADS", text, 1), 0);
        EXPECT_EQ(tools::network_threads(), tools::usable_cpus());
    }
    ASSERT_EQ(::unsetenv("OMP_NUM_THREADS"), 0);
    EXPECT_EQ(tools::network_threads(), tools::usable_cpus());
}

}  // namespace
