// SPDX-License-Identifier: Apache-2.0
#include "yolodata/core/memory_limit.hpp"

#include <sys/resource.h>

#include <charconv>
#include <fstream>
#include <limits>
#include <optional>

namespace yolodata {

namespace {

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
/// cgroup v1 writes "no limit" as the largest multiple of the page size; anything near it is none.
constexpr std::uint64_t v1_no_limit = std::uint64_t{1} << 60;

std::optional<std::uint64_t> read_number(const std::string& path) {
    std::ifstream file(path);
    std::string word;
    std::uint64_t value = 0;
    if (!(file >> word)) return std::nullopt;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;  // "max"
    return value;
}

void tighten(MemoryLimit& limit, std::optional<std::uint64_t> bytes, const char* source) {
    if (bytes && *bytes < limit.bytes) limit = {*bytes, source};
}

/// Each line of /proc/self/cgroup is ID:CONTROLLERS:PATH; v2 has no controllers, v1 the one named "memory".
/// Inside a container the path may not be visible: then the tree's root is the container's own group.
void tighten_by_group(MemoryLimit& limit, const std::string& mount, std::string path, bool v2) {
    while (true) {
        const std::string folder = mount + (path == "/" ? "" : path) + "/";
        if (v2) {
            tighten(limit, read_number(folder + "memory.max"), "cgroup memory.max");
            tighten(limit, read_number(folder + "memory.high"), "cgroup memory.high");
        } else {
            auto bytes = read_number(folder + "memory.limit_in_bytes");
            if (bytes && *bytes < v1_no_limit) tighten(limit, bytes, "cgroup memory.limit_in_bytes");
        }
        if (path.empty() || path == "/") return;
        path.erase(path.rfind('/'));
    }
}

void tighten_by_cgroups(MemoryLimit& limit, const MemoryRoots& roots) {
    std::ifstream file(roots.proc + "/self/cgroup");
    for (std::string line; std::getline(file, line);) {
        const std::size_t first = line.find(':'), second = line.find(':', first + 1);
        if (first == std::string::npos || second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
        if (controllers.empty()) {
            tighten_by_group(limit, roots.cgroup, path, true);
            tighten_by_group(limit, roots.cgroup + "/unified", path, true);  // hybrid set-ups
        } else if (("," + controllers + ",").find(",memory,") != std::string::npos) {
            tighten_by_group(limit, roots.cgroup + "/memory", path, false);
        }
    }
}

std::optional<std::uint64_t> available_memory(const MemoryRoots& roots) {
    std::ifstream file(roots.proc + "/meminfo");
    std::string key, unit;
    std::uint64_t kibibytes = 0;
    while (file >> key >> kibibytes) {
        std::getline(file, unit);
        if (key == "MemAvailable:") return kibibytes * 1024;
    }
    return std::nullopt;
}

}  // namespace

MemoryLimit memory_limit(const MemoryRoots& roots) {
    MemoryLimit limit{unlimited, "no limit found"};
    tighten(limit, available_memory(roots), "MemAvailable");
    tighten_by_cgroups(limit, roots);
    for (const auto& [resource, name] : {std::pair{RLIMIT_AS, "RLIMIT_AS"}, std::pair{RLIMIT_DATA, "RLIMIT_DATA"}}) {
        rlimit value{};
        if (getrlimit(resource, &value) == 0 && value.rlim_cur != RLIM_INFINITY) tighten(limit, value.rlim_cur, name);
    }
    return limit;
}

}  // namespace yolodata
