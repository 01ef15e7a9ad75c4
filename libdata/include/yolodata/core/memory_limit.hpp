// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace yolodata {

/// Where the limits are read: the system's own trees, or recorded ones in tests.
struct MemoryRoots {
    std::string proc = "/proc";
    std::string cgroup = "/sys/fs/cgroup";
};

/// The tightest limit on this process's memory, and what set it.
struct MemoryLimit {
    std::uint64_t bytes = 0;
    std::string source;  ///< "cgroup memory.max", "RLIMIT_AS", "MemAvailable" …
};

/// min(cgroup limits of all ancestors (v2: memory.max and memory.high, v1: memory.limit_in_bytes), RLIMIT_AS,
/// RLIMIT_DATA, MemAvailable). What cannot be read does not count. Never throws, never 0 on Linux.
MemoryLimit memory_limit(const MemoryRoots& roots = {});

}  // namespace yolodata
