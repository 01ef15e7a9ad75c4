// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "common/progress.hpp"

namespace {

TEST(ThreadCount, IsTheFirstOfAList) {
    EXPECT_EQ(tools::first_thread_count("1"), 1);
    EXPECT_EQ(tools::first_thread_count("4,2"), 4);
    EXPECT_EQ(tools::first_thread_count(" 3 , 1"), 3);
    EXPECT_EQ(tools::first_thread_count("1000"), 1000);
    for (const char* text : {"", " ", ",2", "0", "-1", "two", "2x", "2 3", "1e3", "99999999999"}) {
        EXPECT_EQ(tools::first_thread_count(text), 0) << text;
    }
}

TEST(ThreadCount, OfTheEnvironmentComesBeforeTheCpus) {
    ASSERT_EQ(::setenv("OMP_NUM_THREADS", "77,1", 1), 0);
    EXPECT_EQ(tools::network_threads(), 77);
    ASSERT_EQ(::setenv("OMP_NUM_THREADS", "1000000", 1), 0);
    EXPECT_EQ(tools::network_threads(), 4096) << "as many as --threads takes";
    EXPECT_NE(tools::crowded_threads().find("OMP_NUM_THREADS=1000000 asks for 4096 threads on "), std::string::npos);
    ASSERT_EQ(::setenv("OMP_NUM_THREADS", "1", 1), 0);
    EXPECT_EQ(tools::crowded_threads(), "");
    for (const char* text : {"none", ""}) {
        ASSERT_EQ(::setenv("OMP_NUM_THREADS", text, 1), 0);
        EXPECT_EQ(tools::network_threads(), tools::usable_cpus());
    }
    ASSERT_EQ(::unsetenv("OMP_NUM_THREADS"), 0);
    EXPECT_EQ(tools::network_threads(), tools::usable_cpus());
}

}  // namespace
