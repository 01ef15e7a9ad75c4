// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <thread>

#include "common/progress.hpp"

namespace tools {

namespace {

int affinity_cpus() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

/// CPUs that the cgroup's quota allows (v2, then v1), or a large number where there is no quota.
double quota_cpus() {
    constexpr double unlimited = 1e9;
    double quota = 0, period = 0;
    std::string word;
    if (std::ifstream v2("/sys/fs/cgroup/cpu.max"); v2 >> word >> period && period > 0) {
        return word == "max" ? unlimited : std::stod(word) / period;
    }
    std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (v1_quota >> quota && v1_period >> period && quota > 0 && period > 0) return quota / period;
    return unlimited;
}

}  // namespace

int usable_cpus() {
    const double quota = std::ceil(quota_cpus());
    return std::max(1, quota < affinity_cpus() ? static_cast<int>(quota) : affinity_cpus());
}

}  // namespace tools
