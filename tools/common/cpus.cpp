// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
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

int first_thread_count(const char* text) {
    std::string_view word = text;
    const auto strip = [](std::string_view part) {
        const auto begin = std::min(part.find_first_not_of(" \t"), part.size());
        return part.substr(begin, part.find_last_not_of(" \t") + 1 - begin);
    };
    word = strip(word.substr(0, word.find(',')));
    int count = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), count);
    return error == std::errc() && end == word.data() + word.size() ? std::max(count, 0) : 0;
}

int network_threads() {
    const char* wanted = std::getenv("OMP_NUM_THREADS");
    const int count = wanted != nullptr ? first_thread_count(wanted) : 0;
    return count > 0 ? std::min(count, max_threads) : usable_cpus();
}

std::string crowded_threads() {
    const int threads = network_threads(), cpus = usable_cpus();
    if (threads <= cpus) return {};
    return fmt::format("OMP_NUM_THREADS={} asks for {} threads on {} CPU{}: they will wait for each other",
                       std::getenv("OMP_NUM_THREADS"), threads, cpus, cpus == 1 ? "" : "s");
}

}  // namespace tools
