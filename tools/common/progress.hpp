// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tools {

/// One line on stderr that is redrawn at most ten times a second: count, rate, ETA, memory. Draws nothing
/// unless stderr is a terminal and `quiet` is false. Not thread-safe: call from one thread.
class Progress {
   public:
    Progress(std::string label, std::string unit, std::uint64_t total, bool quiet);
    ~Progress();  ///< clears the line
    void update(std::uint64_t done, const std::string& note = {});
    void finish();

   private:
    std::string label_, unit_;
    std::uint64_t total_;
    bool active_;
    std::chrono::steady_clock::time_point start_, drawn_;
};

/// Peak resident memory of this process so far, bytes.
std::uint64_t peak_memory_bytes();
/// CPUs that this process may use (affinity and cgroup quota), at least 1.
int usable_cpus();
/// The number that OMP_NUM_THREADS begins with: an integer ≥ 1, or a list "4,2" of them by depth of nesting. 0: it
/// is none of that.
int first_thread_count(const char* text);
/// The most threads that a network may be given.
constexpr int max_threads = 4096;
/// Threads for a network: OMP_NUM_THREADS where it is set to a number, at most max_threads of them, else usable_cpus().
int network_threads();
/// What to say where OMP_NUM_THREADS asks for more threads than usable_cpus(); empty where it does not.
std::string crowded_threads();

}  // namespace tools
