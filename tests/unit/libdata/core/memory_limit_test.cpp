// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/memory_limit.hpp"

#include <gtest/gtest.h>

#include <boost/filesystem.hpp>
#include <fstream>

namespace {

namespace fs = boost::filesystem;

/// A recorded tree of /proc and /sys/fs/cgroup.
struct MemoryLimitTest : testing::Test {
    fs::path root = fs::temp_directory_path() / fs::unique_path();
    ~MemoryLimitTest() override { fs::remove_all(root); }

    void put(const std::string& path, const std::string& text) {
        fs::create_directories((root / path).parent_path());
        std::ofstream((root / path).string()) << text;
    }
    yolodata::MemoryLimit limit() const {
        return yolodata::memory_limit({(root / "proc").string(), (root / "cgroup").string()});
    }
};

constexpr const char* meminfo = "MemTotal:       24000 kB\nMemFree:        100 kB\nMemAvailable:   20000 kB\n";

TEST_F(MemoryLimitTest, MemAvailableWithoutACgroup) {
    put("proc/meminfo", meminfo);
    EXPECT_EQ(limit().bytes, 20000u * 1024);
    EXPECT_EQ(limit().source, "MemAvailable");
}

TEST_F(MemoryLimitTest, TightestAncestorOfCgroupV2) {
    put("proc/meminfo", meminfo);
    put("proc/self/cgroup", "0::/user.slice/job/step\n");
    put("cgroup/user.slice/job/step/memory.max", "max\n");
    put("cgroup/user.slice/job/memory.max", "5000000\n");
    put("cgroup/user.slice/memory.high", "4000000\n");
    EXPECT_EQ(limit().bytes, 4000000u);
    EXPECT_EQ(limit().source, "cgroup memory.high");
}

TEST_F(MemoryLimitTest, ContainerSeesItsGroupAtTheRoot) {
    put("proc/meminfo", meminfo);
    put("proc/self/cgroup", "0::/\n");
    put("cgroup/memory.max", "3000000\n");
    EXPECT_EQ(limit().bytes, 3000000u);
}

TEST_F(MemoryLimitTest, CgroupV1) {
    put("proc/meminfo", meminfo);
    put("proc/self/cgroup", "5:cpu,cpuacct:/x\n4:memory:/job\n");
    put("cgroup/memory/job/memory.limit_in_bytes", "6000000\n");
    put("cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    EXPECT_EQ(limit().bytes, 6000000u);
    EXPECT_EQ(limit().source, "cgroup memory.limit_in_bytes");
}

TEST_F(MemoryLimitTest, NothingReadableIsNoLimit) { EXPECT_GT(limit().bytes, std::uint64_t{1} << 40); }

}  // namespace
